import type { Clock, Logger } from '@easyfaas/service-kit';
import type { CpuLedger } from '../capacity/cpu-ledger';
import type { Ledger } from '../capacity/ledger';
import type { ContainerCgroups } from '../cgroup/container-cgroups';
import type { CodeCache } from '../code/code-cache';
import type { ContainerEngine } from '../engine/container-engine';
import type { RuntimeImages } from '../engine/runtime-images';
import type { FuncletFailpoints } from '../failpoints';
import type { CodeMounts } from '../mounts/code-mounts';
import type { EgressNetwork } from '../network/egress-network';
import type { ContainerDirectories } from './container-directories';
import type { ContainerLimits } from './container-limits';
import type { ContainerRegistry } from './container-registry';

/** What the operations on containers work with. */
export interface LifecycleContext {
  instanceId: string;
  /** Added to every container. */
  labels: Readonly<Record<string, string>>;
  /** Processors, the most that a quota says: Docker refuses more than there are. undefined: no quotas. */
  cpuQuotaMax: number | undefined;
  /** Longest time from create to both connections, ms. */
  creatingDeadlineMs: number;
  /** Longest time from warm-up to the runtime's answer, ms. */
  warmingDeadlineMs: number;
  registry: ContainerRegistry;
  engine: ContainerEngine;
  ledger: Ledger;
  cpuLedger: CpuLedger;
  limits: ContainerLimits;
  /** Absent where control groups cannot be written. */
  cgroups: ContainerCgroups | undefined;
  code: CodeCache;
  codeMounts: CodeMounts;
  directories: ContainerDirectories;
  runtimes: RuntimeImages;
  egress: EgressNetwork;
  failpoints: FuncletFailpoints;
  clock: Clock;
  logger: Logger;
  /** 128 bits, hex. */
  newToken: () => string;
}

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { LIMITS } from '@easyfaas/contracts/wire';
import type { Clock, Ids, Logger, Registry } from '@easyfaas/service-kit';
import { FuncletClient } from '../clients/funclet-client';
import type { ControllerConfig } from '../config';
import type { Engine } from '../engine';
import { DiskPackageStore } from '../functions/disk-package-store';
import type { FunctionDirectory } from '../functions/function-directory';
import type { PackageReader, PackageStore } from '../functions/package-store';
import { PackageInspector } from '../functions/package-inspector';
import { PackageSweep } from '../functions/package-sweep';
import type { PodsReader } from '../http/routes/pods';
import type { Overflow } from '../invoke/overflow';
import type { PayloadBudget } from '../invoke/payload-budget';
import type { Shelves } from '../pool/shelves';
import type { RedisStores } from '../redis-stores';
import type { FunctionStore } from '../functions/function-store';
import type { RegistryPackages } from '../registry/registry-packages';
import { PodFunclet } from './pod-funclet';
import { joinedPod } from './joined-pod';
import type { PackageCopies } from './package-copies';
import { readPodId } from './pod-id';

export interface PodsOptions {
  config: ControllerConfig;
  clock: Clock;
  ids: Ids;
  logger: Logger;
  metrics: Registry;
  stores: Pick<RedisStores, 'pods'> & { functionStore: FunctionStore };
  /** Where packages come from when functions are not built in. */
  registryPackages: RegistryPackages | undefined;
  isDraining: () => boolean;
}

/** Parts of the controller that exist only after this one. */
export interface PodsPeers {
  engine: Engine;
  shelves: Shelves;
  directory: FunctionDirectory;
  payloads: PayloadBudget;
}

/** A pod, alone or among others. */
export interface PodKind extends PodsReader {
  /** In records; undefined where the pod is on its own. */
  podId: string | undefined;
  funclet: FuncletClient;
  /** What the others have of its packages; undefined where there are none. */
  copies: PackageCopies | undefined;
  overflow: Overflow | undefined;
  start(peers: PodsPeers): Promise<void>;
  /** Lets calls of other pods end. */
  drain(deadline: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** This pod among those that share its Redis, and its packages: the root of all that pods do for each other. */
export interface Pods extends PodKind {
  packages: PackageStore;
  /** What is on this pod's disk. */
  packageReader: PackageReader;
}

/** @throws Error when the pod's id or its key file cannot be used */
export function createPods(options: PodsOptions): Pods {
  const { config, clock, logger } = options;
  const podId = readPodId(config.dataDir, config.podId, () => randomBytes(6).toString('hex'));
  const disk = new DiskPackageStore({
    dataDir: config.dataDir,
    directory: config.packagesDir,
    packageBytes: LIMITS.packageBytes,
    limits: config.packageLimits,
    inspector: new PackageInspector(join(__dirname, 'inspection-worker.cjs')),
    clock,
    logger,
  });
  const pod = config.pod === undefined ? lonelyPod(podId, disk, options) : joinedPod({ ...options, podId, pod: config.pod, disk });
  const sweep = new PackageSweep({ files: disk, functions: options.stores.functionStore, clock, logger, copies: pod.copies });
  return {
    ...pod,
    packages: pod.copies ?? disk,
    packageReader: disk,
    start: async (peers) => {
      await disk.start();
      sweep.start();
      await pod.start(peers);
    },
    stop: async () => {
      sweep.stop();
      disk.stop();
      pod.funclet.close();
      await pod.stop();
    },
  };
}

function lonelyPod(podId: string, disk: DiskPackageStore, { config, ids, logger, registryPackages }: PodsOptions): PodKind {
  logger.info('pod is on its own', { podId, problem: 'EASYFAAS_POD_ADDRESS is not set' });
  return {
    podId: undefined,
    funclet:
      registryPackages === undefined
        ? new FuncletClient(config.funcletSocket, ids)
        : new PodFunclet(config.funcletSocket, ids, { ensurePackage: (sha256) => registryPackages.ensure(sha256, disk) }),
    copies: undefined,
    overflow: undefined,
    view: () => ({ podId, isOnItsOwn: 'EASYFAAS_POD_ADDRESS is not set.', pods: [] }),
    start: async () => undefined,
    drain: async () => undefined,
    stop: async () => undefined,
  };
}

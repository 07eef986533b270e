import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS } from '@easyfaas/code-package';
import type { InitRequest, WarmUpRequest } from '@easyfaas/contracts/wire';
import { Failpoints, FakeClock, silentLogger } from '@easyfaas/service-kit';
import { CpuLedger } from '../../capacity/cpu-ledger';
import { Ledger } from '../../capacity/ledger';
import type { ContainerCgroups } from '../../cgroup/container-cgroups';
import { CodeCache } from '../../code/code-cache';
import { CodeStore } from '../../code/code-store';
import { removeTree } from '../../code/remove-tree';
import { FakeEngine } from '../../engine/testing/fake-engine';
import { FakeNetworkEngine } from '../../engine/testing/fake-network-engine';
import { RuntimeImages } from '../../engine/runtime-images';
import { EgressNetwork } from '../../network/egress-network';
import type { CodeMounts } from '../../mounts/code-mounts';
import { ContainerDirectories } from '../container-directories';
import { ContainerLimits } from '../container-limits';
import { ContainerRegistry } from '../container-registry';
import { Containers } from '../containers';
import type { LifecycleContext } from '../lifecycle-context';
import { Reaper } from '../reaper';

export const INSTANCE = 'b'.repeat(32);

/** Control groups in memory: remembers what was written, and can refuse. */
export class FakeCgroups implements ContainerCgroups {
  readonly version = 1;
  readonly writes: string[] = [];
  refusal: Error | undefined;
  usageBytes = 20 * 1024 * 1024;
  readonly frozen = new Set<string>();

  setMemory(_dockerId: string, bytes: number): void {
    if (this.refusal !== undefined) throw this.refusal;
    this.writes.push(`memory ${bytes / 1024 / 1024}`);
  }

  memoryUsage(): { limitBytes: number; usageBytes: number; reclaimableBytes: number } {
    return { limitBytes: 0, usageBytes: this.usageBytes, reclaimableBytes: 0 };
  }

  setCpuShares(_dockerId: string, shares: number): void {
    this.writes.push(`shares ${shares}`);
  }

  freeze(dockerId: string): Promise<void> {
    this.frozen.add(dockerId);
    return Promise.resolve();
  }

  thaw(dockerId: string): void {
    this.frozen.delete(dockerId);
  }
}

/** Mounts in memory, by target. */
export class FakeCodeMounts implements CodeMounts {
  readonly mode = 'bind';
  readonly attached = new Map<string, string>();
  failure: Error | undefined;
  isReleased = false;

  attach(name: string, target: string): void {
    if (this.failure !== undefined) throw this.failure;
    this.attached.set(target, name);
  }

  isAttached(target: string): boolean {
    return this.attached.has(target);
  }

  detach(target: string): void {
    this.attached.delete(target);
  }

  release(): void {
    this.isReleased = true;
  }
}

export interface TestLifecycleOptions {
  budgetMb?: number;
  /** Of processors; without one functions have weights. */
  budgetCpus?: number;
  hasCgroups?: boolean;
  creationsMax?: number;
}

/** The life cycle over fakes and a temporary directory. `restart` gives a second one over the same world. */
export class TestLifecycle {
  readonly clock = new FakeClock();
  readonly engine: FakeEngine;
  readonly networks = new FakeNetworkEngine();
  readonly cgroups: FakeCgroups;
  readonly codeMounts: FakeCodeMounts;
  readonly directory: string;
  readonly context: LifecycleContext;
  readonly containers: Containers;
  readonly reaper: Reaper;
  readonly registry: ContainerRegistry;
  readonly ledger: Ledger;
  readonly cpuLedger: CpuLedger;
  readonly signal: AbortSignal = new AbortController().signal;
  #operations = 0;

  constructor(options: TestLifecycleOptions = {}, earlier?: TestLifecycle) {
    const { budgetMb = 2000, budgetCpus, hasCgroups = true, creationsMax = 4 } = options;
    this.directory = earlier?.directory ?? mkdtempSync(join(tmpdir(), 'easyfaas-lifecycle-'));
    this.engine = earlier?.engine ?? new FakeEngine();
    this.cgroups = earlier?.cgroups ?? new FakeCgroups();
    this.codeMounts = earlier?.codeMounts ?? new FakeCodeMounts();
    this.engine.images.set('easyfaas/runtime-nodejs20:latest', `sha256:${'a'.repeat(64)}`);
    this.engine.images.set('easyfaas/funclet:latest', `sha256:${'f'.repeat(64)}`);
    const path = (name: string): string => {
      mkdirSync(join(this.directory, name), { recursive: true });
      return join(this.directory, name);
    };
    const directories = new ContainerDirectories(path('containers'));
    this.registry = new ContainerRegistry(this.clock, directories, this.clock.wallMs());
    this.ledger = new Ledger(budgetMb, 8);
    this.cpuLedger = new CpuLedger(budgetCpus);
    const cgroups = hasCgroups ? this.cgroups : undefined;
    const logger = silentLogger();
    const { engine, registry, ledger, cpuLedger, clock, codeMounts } = this;
    const code = new CodeCache({
      store: new CodeStore({ directory: path('code'), packages: path('packages'), limits: DEFAULT_PACKAGE_LIMITS }),
      maxBytes: 1024 * 1024,
      unpackTimeoutMs: 10_000,
      comparesChangeTime: true,
      inUse: () => new Set(registry.records().flatMap(({ codeName, layersName }) => [codeName ?? [], layersName ?? []].flat())),
      mountedNames: () => new Set(codeMounts.attached.values()),
      onAltered: (sha256) => this.containers.discardUsersOf(sha256),
      stopping: this.signal,
      clock,
      logger,
    });
    this.context = {
      instanceId: INSTANCE,
      labels: { 'easyfaas.test-run': 'unit' },
      cpuQuotaMax: undefined,
      creatingDeadlineMs: 30_000,
      warmingDeadlineMs: 60_000,
      registry,
      engine,
      ledger,
      cpuLedger,
      limits: new ContainerLimits({ engine, cgroups, cpuQuotaMax: undefined, isMaking: () => false, logger }),
      cgroups,
      code,
      codeMounts,
      directories,
      failpoints: new Failpoints(),
      egress: new EgressNetwork({
        instanceId: INSTANCE,
        labels: {},
        settings: { isOn: true, allow: [], deny: [], resolvers: ['9.9.9.9'] },
        image: 'easyfaas/funclet:latest',
        engine: this.networks,
        images: engine,
        clock,
        logger,
      }),
      runtimes: new RuntimeImages(
        engine,
        [
          {
            name: 'nodejs20',
            title: 'Node.js',
            command: 'node',
            args: [],
            handlerPattern: '.',
            handlerExample: 'index.handler',
            entryFile: 'index.js',
            sourceContentTypes: [],
            image: 'easyfaas/runtime-nodejs20',
          },
        ],
        'latest',
      ),
      clock,
      logger,
      newToken: () => 'c'.repeat(32),
    };
    this.containers = new Containers(this.context, creationsMax);
    this.reaper = new Reaper(this.context, this.containers);
  }

  async open(): Promise<this> {
    await this.context.runtimes.refresh(this.signal);
    return this;
  }

  close(): void {
    removeTree(this.directory);
  }

  operationId(): string {
    this.#operations += 1;
    return `operation-${this.#operations}`;
  }

  initRequest(containerId: string, memoryMb = 128): InitRequest {
    return { operationId: this.operationId(), containerId, runtime: 'nodejs20', memoryMb, network: 'none', reason: 'pool' };
  }

  warmUpRequest(codeSha256: string, memoryMb = 256): WarmUpRequest {
    const assignment = { accountId: 'a', functionName: 'f', version: '$LATEST', commitId: 'c1' };
    return { operationId: this.operationId(), assignment, memoryMb, codeSha256, reason: 'first call' };
  }

  transition(): { operationId: string; reason: string } {
    return { operationId: this.operationId(), reason: 'test' };
  }

  async cold(containerId: string): Promise<void> {
    await this.containers.init(this.initRequest(containerId), this.signal);
    await this.containers.attached(containerId, this.transition());
  }

  async warm(containerId: string, codeSha256: string): Promise<void> {
    await this.cold(containerId);
    await this.containers.warmUp(containerId, this.warmUpRequest(codeSha256), this.signal);
    await this.containers.loaded(containerId, this.transition());
  }

  stateOf(containerId: string): string | undefined {
    return this.registry.find(containerId)?.view.state;
  }

  dockerIdOf(containerId: string): string {
    return this.registry.get(containerId).view.dockerId ?? 'none';
  }

  taskOf(containerId: string): string {
    return this.context.directories.paths(containerId).task;
  }
}

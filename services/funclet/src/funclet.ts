import { randomBytes } from 'node:crypto';
import type { NodeView } from '@easyfaas/contracts/wire';
import { Failpoints, ServiceError, createMetrics, systemClock, withDeadline, type Logger, type Service } from '@easyfaas/service-kit';
import { CpuLedger } from './capacity/cpu-ledger';
import { Ledger } from './capacity/ledger';
import { detectCgroups } from './cgroup/detect';
import { CodeCache } from './code/code-cache';
import { CodeStore } from './code/code-store';
import type { FuncletConfig } from './config';
import { makeDirectories, readInstanceId } from './data-directory';
import { awaitEngine } from './engine/await-engine';
import type { EngineFacts } from './engine/container-engine';
import { DockerEngine } from './engine/docker-engine';
import { instanceLabels } from './engine/labels';
import { RuntimeImages, readRuntimeManifests } from './engine/runtime-images';
import { FuncletServer } from './http/funclet-server';
import { periodically } from './periodically';
import { readinessOf } from './readiness';
import { adopt } from './lifecycle/adopt';
import { ContainerDirectories } from './lifecycle/container-directories';
import { ContainerLimits } from './lifecycle/container-limits';
import { measureContainers } from './lifecycle/container-metrics';
import { ContainerRegistry } from './lifecycle/container-registry';
import { Containers } from './lifecycle/containers';
import type { LifecycleContext } from './lifecycle/lifecycle-context';
import { Reaper } from './lifecycle/reaper';
import { removeAll } from './lifecycle/remove-all';
import { linuxMountSyscalls } from './mounts/mount-syscalls';
import { openEgress } from './network/open-egress';
import { mountedCodeNames, readMountTable } from './mounts/mount-table';
import { openCodeMounts } from './mounts/open-code-mounts';
import { preflight } from './preflight';

export interface FuncletOptions {
  config: FuncletConfig;
  logger: Logger;
  version: string;
}

const START_TIMEOUT_MS = 60_000;
/** While containers are made or removed they are looked at this often. */
const IN_TRANSIT_MS = 2_000;
const MIB = 1024 * 1024;
/** Of the machine, for containers, unless configured. */
const NODE_MEMORY_SHARE = 0.8;

/** The composition root: builds the parts, starts them in order, keeps the periodic work going, stops. */
export class Funclet implements Service {
  readonly #options: FuncletOptions;
  readonly #stopping = new AbortController();
  #server: FuncletServer | undefined;
  #removeAll = (): Promise<void> => Promise.resolve();

  constructor(options: FuncletOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { config, logger } = this.#options;
    makeDirectories(config);
    const instanceId = readInstanceId(config.dataDir, () => randomBytes(16).toString('hex'));
    const engine = new DockerEngine({
      socketPath: config.dockerSocket,
      clock: systemClock,
      logger,
      callTimeoutMs: config.dockerTimeoutMs,
    });
    await withDeadline('start', START_TIMEOUT_MS, (signal) => this.#assemble(engine, instanceId, signal));
  }

  /** Containers stay as they are, and the next process adopts them; or they go, when the configuration says so. */
  async stop(deadline: AbortSignal): Promise<void> {
    await this.#server?.stop(deadline);
    this.#stopping.abort();
    if (this.#options.config.removesAtStop) await this.#removeAll();
  }

  async #assemble(engine: DockerEngine, instanceId: string, signal: AbortSignal): Promise<void> {
    const { config, logger, version } = this.#options;
    const { directories } = config;
    const facts = await awaitEngine(engine, logger, signal);
    const warnings = this.#examine(facts);
    const { codeMounts, warning } = openCodeMounts(config, linuxMountSyscalls, readMountTable);
    if (warning !== undefined) warnings.push(warning);
    const { cgroups, problem } = detectCgroups(config.cgroupRoot, facts.cgroupVersion, facts.cgroupDriver);
    if (problem !== undefined) warnings.push(`Memory limits are changed through Docker only, which is slower: ${problem}.`);
    for (const text of warnings) logger.warn('start', { warning: text });

    const containerDirectories = new ContainerDirectories(directories.containers);
    const registry = new ContainerRegistry(systemClock, containerDirectories, systemClock.wallMs());
    const memoryMb = config.nodeMemoryMb || Math.floor((facts.memoryBytes / MIB) * NODE_MEMORY_SHARE);
    const ledger = new Ledger(memoryMb, config.overheadMb);
    const cpus = config.nodeCpus || facts.cpus;
    const cpuLedger = new CpuLedger(config.hasCpuQuota ? cpus : undefined);
    const cpuQuotaMax = config.hasCpuQuota ? Math.min(cpus, facts.cpus) : undefined;
    const limits = new ContainerLimits({
      engine,
      cgroups,
      cpuQuotaMax,
      isMaking: () => registry.views().some(({ state }) => state === 'creating'),
      logger,
    });
    const runtimes = new RuntimeImages(engine, readRuntimeManifests(config.runtimesDir), config.imageTag);
    const code = new CodeCache({
      store: new CodeStore({ directory: directories.code, packages: directories.packages, limits: config.packageLimits }),
      stopping: this.#stopping.signal,
      maxBytes: config.codeCacheBytes,
      unpackTimeoutMs: config.creatingDeadlineMs,
      comparesChangeTime: codeMounts.mode === 'bind',
      inUse: () => new Set(registry.records().flatMap(({ codeName, layersName }) => [codeName ?? [], layersName ?? []].flat())),
      onAltered: (sha256) => altered(sha256),
      mountedNames: () => mountedCodeNames(readMountTable(), directories.containers),
      clock: systemClock,
      logger,
    });
    const egress = openEgress({ config, instanceId, images: engine, clock: systemClock, logger });
    const context: LifecycleContext = {
      instanceId,
      labels: config.labels,
      cpuQuotaMax,
      creatingDeadlineMs: config.creatingDeadlineMs,
      warmingDeadlineMs: config.warmingDeadlineMs,
      registry,
      engine,
      ledger,
      cpuLedger,
      limits,
      cgroups,
      code,
      codeMounts,
      directories: containerDirectories,
      runtimes,
      egress,
      failpoints: new Failpoints(config.failpoints),
      clock: systemClock,
      logger,
      newToken: () => randomBytes(16).toString('hex'),
    };
    const metrics = createMetrics('funclet');
    measureContainers(metrics, registry, ledger, engine);
    const containers = new Containers(context, config.creationsMax);
    const altered = (sha256: string): void => containers.discardUsersOf(sha256);
    const reaper = new Reaper(context, containers);
    this.#removeAll = () => removeAll(context, containers);

    await runtimes.refresh(signal);
    await adopt(context, signal);
    containers.resumeDeadlines();
    this.#keepReconciling(engine, instanceId, reaper, code);
    egress.watch(() => void reaper.reconcile(), this.#stopping.signal);

    const node = (): NodeView => ({
      instanceId,
      version,
      cgroupVersion: facts.cgroupVersion,
      cgroupDriver: facts.cgroupDriver,
      mountMode: codeMounts.mode,
      memoryMode: cgroups === undefined ? 'docker' : 'cgroup',
      budget: { memoryMb, cpus, overheadMb: ledger.overheadMb },
      reserved: { memoryMb: ledger.reservedMb, ...(config.hasCpuQuota ? { cpus: cpuLedger.reservedCpus } : {}) },
      egress: egress.view,
      engine: { version: facts.version, apiVersion: facts.apiVersion, runcVersion: facts.runcVersion },
      runtimes: runtimes.list().map(({ name, image, imageId }) => ({ name, image, present: imageId !== undefined })),
      warnings,
    });
    this.#server = new FuncletServer({
      socketPath: config.socketPath,
      api: { registry, containers, code, node, readiness: () => readinessOf(reaper, runtimes), metrics },
      clock: systemClock,
      logger,
    });
    await this.#server.start();
    logger.info('listening', { socketPath: config.socketPath, instanceId, mountMode: codeMounts.mode, memoryMb });
  }

  /** @returns warnings @throws Error when the engine lacks a protection that functions rely on */
  #examine(facts: EngineFacts): string[] {
    const { problems, warnings } = preflight(facts);
    if (problems.length > 0 && !this.#options.config.isUnsafe) {
      throw new ServiceError(
        'ENGINE_UNAVAILABLE',
        `This host cannot hold functions safely: ${problems.join('; ')}. EASYFAAS_UNSAFE=1 starts all the same.`,
      );
    }
    return [...problems, ...warnings];
  }

  #keepReconciling(engine: DockerEngine, instanceId: string, reaper: Reaper, code: CodeCache): void {
    const { config } = this.#options;
    const { signal } = this.#stopping;
    engine.watch(
      instanceLabels(instanceId),
      { onEvent: (event) => void reaper.onEvent(event), onOpen: () => void reaper.reconcile() },
      signal,
    );
    periodically(config.reconcileMs, signal, () => reaper.reconcile());
    periodically(Math.min(IN_TRANSIT_MS, config.reconcileMs), signal, () => reaper.reconcileInTransit());
    periodically(config.verifyCodeMs, signal, async () => code.verifyAll());
  }
}

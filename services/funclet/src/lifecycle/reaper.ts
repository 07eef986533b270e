import type { ContainerExit, ContainerView } from '@easyfaas/contracts/wire';
import type { EngineContainer, EngineEvent } from '../engine/container-engine';
import { instanceLabels, LABELS } from '../engine/labels';
import type { ContainerRecord } from './container-record';
import type { Containers } from './containers';
import type { LifecycleContext } from './lifecycle-context';

const CALL_TIMEOUT_MS = 20_000;

/**
 * Keeps what we think and what there is the same: containers by label, directories, mounts, unpacked code. Runs every few
 * seconds and whenever the engine's event stream was opened. What happens to a container behind our back ends in a reset
 * with the reason; what belongs to nobody is removed.
 */
export class Reaper {
  readonly #context: LifecycleContext;
  readonly #containers: Containers;
  #running: Promise<void> | undefined;
  #isWanted = false;
  #lastError: string | undefined = 'not done yet';

  constructor(context: LifecycleContext, containers: Containers) {
    this.#context = context;
    this.#containers = containers;
  }

  /** Why the last reconcile failed; undefined when it did not. */
  get problem(): string | undefined {
    return this.#lastError;
  }

  /** Reconciles now, or once more after the run under way. Never rejects. */
  async reconcile(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#loop().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /**
   * Reconciles if a container is being made or removed: of those the engine's events alone tell that they ended, and events can
   * be lost. Of all others the controller notices it by their connections.
   */
  async reconcileInTransit(): Promise<void> {
    const isInTransit = ({ state }: { state: string }): boolean => state === 'creating' || state === 'resetting';
    if (this.#context.registry.views().some(isInTransit)) await this.reconcile();
  }

  /** An event of the engine about one of our containers. */
  async onEvent({ dockerId, containerId, type }: EngineEvent): Promise<void> {
    const record = this.#context.registry.find(containerId);
    if (record === undefined || record.view.dockerId !== dockerId || isEnding(record)) return;
    if (type === 'removed') await this.#containers.discard(containerId, 'Docker removed the container; not by us');
    else await this.#discardEnded(containerId, dockerId);
  }

  async #loop(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false;
      try {
        await this.#once(AbortSignal.timeout(CALL_TIMEOUT_MS));
        this.#lastError = undefined;
      } catch (error) {
        this.#lastError = (error as Error).message;
        this.#context.logger.warn('reconcile failed', { error });
      }
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    const { registry, engine, instanceId, runtimes, limits, code } = this.#context;
    await this.#guardEgress(signal);
    // Before the list: what is made while Docker answers is not missing.
    const records = registry.records();
    const containers = await engine.list(instanceLabels(instanceId), signal);
    const byDockerId = new Map(containers.map((container) => [container.dockerId, container]));
    for (const record of records) await this.#judge(record, byDockerId);
    const left = new Set<string>();
    for (const container of containers) {
      if (this.#isKnown(container)) left.add(container.labels[LABELS.container] ?? '');
      else await this.#removeUnknown(container, signal);
    }
    this.#removeDirectories(left);
    limits.retry();
    code.sweep();
    await runtimes.refresh(signal);
  }

  /** Containers with egress whose rules cannot be made sure of have to go. */
  async #guardEgress(signal: AbortSignal): Promise<void> {
    const { registry, egress } = this.#context;
    const inUse = (): ContainerView[] => registry.views().filter(({ network }) => network === 'egress');
    const problem = await egress.reconcile(inUse().length > 0, signal);
    if (problem !== undefined) await Promise.all(inUse().map(({ containerId }) => this.#containers.discard(containerId, problem)));
  }

  async #judge({ view }: ContainerRecord, byDockerId: ReadonlyMap<string, EngineContainer>): Promise<void> {
    const { containerId, dockerId } = view;
    const current = this.#context.registry.find(containerId);
    if (current === undefined || current.view.state === 'gone') return;
    if (current.view.state === 'resetting') {
      await this.#containers.discard(containerId, current.view.reason);
      return;
    }
    if (dockerId === undefined) return;
    const container = byDockerId.get(dockerId);
    if (container === undefined) await this.#containers.discard(containerId, 'the container is not there any more');
    else if (container.status === 'ended') await this.#discardEnded(containerId, dockerId);
  }

  async #discardEnded(containerId: string, dockerId: string): Promise<void> {
    const exit = await this.#exitOf(dockerId);
    const how = exit === undefined ? '' : ` with exit code ${exit.exitCode ?? 'unknown'}${exit.oomKilled ? ', out of memory' : ''}`;
    await this.#containers.discard(containerId, `the container ended by itself${how}`, exit === undefined ? {} : { exit });
  }

  async #exitOf(dockerId: string): Promise<ContainerExit | undefined> {
    try {
      return (await this.#context.engine.inspect(dockerId, AbortSignal.timeout(CALL_TIMEOUT_MS)))?.exit;
    } catch (error) {
      this.#context.logger.warn('exit of a container cannot be read', { dockerId, error });
      return undefined;
    }
  }

  #isKnown({ dockerId, labels }: EngineContainer): boolean {
    const record = this.#context.registry.find(labels[LABELS.container] ?? '');
    const isBeingMade = record?.view.state === 'creating' && record.view.dockerId === undefined;
    return isBeingMade || record?.view.dockerId === dockerId;
  }

  /** Containers with our label that no record knows: of a crash between create and record, or not adopted. */
  async #removeUnknown({ dockerId, labels }: EngineContainer, signal: AbortSignal): Promise<void> {
    this.#context.logger.warn('removing a container that no record knows', { dockerId, containerId: labels[LABELS.container] });
    await this.#context.engine.remove(dockerId, signal);
  }

  /** Directories and mounts without a container. @param known containers that Docker had a moment ago */
  #removeDirectories(known: ReadonlySet<string>): void {
    const { directories, registry, codeMounts, logger } = this.#context;
    for (const containerId of directories.list()) {
      const state = registry.find(containerId)?.view.state;
      if ((state !== undefined && state !== 'gone') || known.has(containerId)) continue;
      logger.warn('removing directories without a container', { containerId });
      const paths = directories.paths(containerId);
      codeMounts.detach(paths.task);
      codeMounts.detach(paths.layers);
      directories.remove(containerId, { isLinked: codeMounts.mode === 'hardlink' });
    }
  }
}

function isEnding({ view }: ContainerRecord): boolean {
  return view.state === 'resetting' || view.state === 'gone';
}

import { ServiceError } from '@easyfaas/service-kit';
import type { ContainerView } from '@easyfaas/contracts/wire';
import type { FuncletClient } from '../clients/funclet-client';
import type { PoolContainer as PoolContainerView, PoolReader, PoolSummary } from '../http/pool-reader';
import type { PoolContainer } from './container';
import type { ContainerCreations } from './container-creations';
import type { ContainerResets } from './container-resets';
import type { Successions } from './successions';
import type { FunctionPools } from './function-pools';
import type { PoolView } from './pool-view';
import type { Reconciler } from './reconciler';
import type { MemoryChanges } from './memory-changes';
import type { NodeFacts } from './node-facts';
import type { PoolTargets } from './pool-targets';
import { type ResourceReport, resourceReport } from './resource-report';
import type { Recommendation } from './scale';
import { type ShelfRule, type Shelves, shelfKey } from './shelves';
import type { StartShare, StartShares } from './start-shares';
import type { DemandEstimate } from './demand-estimate';

export interface PoolReportDeps {
  funclet: Pick<FuncletClient, 'find'>;
  view: PoolView;
  node: NodeFacts;
  memoryChanges: Pick<MemoryChanges, 'resize'>;
  pools: FunctionPools;
  resets: Pick<ContainerResets, 'recent'>;
  successions: Successions;
  reconciler: Reconciler;
  creations: ContainerCreations;
  shelves: Shelves;
  targets: PoolTargets;
  estimate: Pick<DemandEstimate, 'perSecond'>;
  shares: StartShares;
  max: number;
}

/** The pool as the operations API shows it, and the operator's hand on it. */
export class PoolReport implements PoolReader {
  readonly #deps: PoolReportDeps;

  constructor(deps: PoolReportDeps) {
    this.#deps = deps;
  }

  /** Counts what has ended since the last time; called every few seconds, so that calls themselves need not. */
  sample(): void {
    const { pools, shelves, shares } = this.#deps;
    for (const pool of pools.values()) {
      const { ended, coldEnded } = pool;
      if (ended === 0) continue;
      pool.ended = 0;
      pool.share.counted = (pool.share.counted ?? 0) + ended;
      pool.coldEnded = 0;
      const shelf = shelves.of(pool.wish);
      if (shelf !== undefined) shares.add(shelf.key, ended, coldEnded);
    }
  }

  callsOf(accountId: string): ReadonlyMap<string, number> {
    this.sample();
    const calls = new Map<string, number>();
    for (const { accountId: owner, stored, share } of this.#deps.pools.values()) {
      if (owner === accountId) calls.set(stored.configuration.FunctionName, share.counted ?? 0);
    }
    return calls;
  }

  resource(): ResourceReport {
    return resourceReport(this.#deps);
  }

  list(): PoolSummary {
    const { view, pools, max } = this.#deps;
    const containers = [...view.values()].map(shown);
    const counts: Record<string, number> = {};
    for (const { state } of containers) counts[state] = (counts[state] ?? 0) + 1;
    return {
      containers,
      max,
      counts,
      cpu: this.resource().cpu,
      shelves: this.#shelves(),
      recentEnds: this.#deps.resets.recent.list(),
      waiting: [...pools.values()]
        .filter(({ line }) => line.length > 0)
        .map(({ stored, accountId, line }) => ({ accountId, functionName: stored.configuration.FunctionName, calls: line.length })),
    };
  }

  /** One that is gone is asked of the funclet, which remembers the last few hundred. */
  async get(containerId: string): Promise<PoolContainerView | undefined> {
    const container = this.#deps.view.get(containerId);
    if (container !== undefined) return shown(container);
    try {
      return withoutSecrets(await this.#deps.funclet.find(containerId));
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'CONTAINER_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async resize(containerId: string, memoryMb: number): Promise<PoolContainerView> {
    const container = this.#find(containerId);
    const { phase } = container;
    if (phase !== 'cold' && phase !== 'warm' && phase !== 'paused' && phase !== 'draining') {
      throw new ServiceError('ILLEGAL_TRANSITION', `The container is ${phase}; its memory can be changed when it is cold, warm or paused.`);
    }
    const view = await this.#deps.memoryChanges.resize(container, memoryMb);
    // The watch brings the same a moment later.
    container.update(view);
    return shown(container);
  }

  async reset(containerId: string, reason: string): Promise<PoolContainerView> {
    const container = this.#endable(containerId);
    this.#deps.successions.end(container, reason);
    return shown(container);
  }

  async replace(containerId: string, reason: string): Promise<PoolContainerView> {
    const container = this.#endable(containerId);
    this.#deps.successions.begin(container, reason);
    return shown(container);
  }

  #endable(containerId: string): PoolContainer {
    const container = this.#find(containerId);
    if (container.phase === 'resetting') throw new ServiceError('ILLEGAL_TRANSITION', 'The container is being reset already.');
    if (container.phase === 'warming' || container.phase === 'loading') {
      throw new ServiceError('ILLEGAL_TRANSITION', 'The container is being warmed up; try again when it is warm.');
    }
    return container;
  }

  #find(containerId: string): PoolContainer {
    const container = this.#deps.view.get(containerId);
    if (container === undefined) throw new ServiceError('CONTAINER_NOT_FOUND', 'No container has this id; it may have been reset.');
    return container;
  }

  #shelves(): ShelfReport[] {
    const { view, shelves, targets, estimate, shares, creations, reconciler } = this.#deps;
    this.sample();
    const demand = reconciler.demand();
    const sizes = new Map<string, { cold: number; creating: number }>();
    for (const { phase, view: seen } of view.values()) {
      const key = shelfKey(seen);
      const size = sizes.get(key) ?? { cold: 0, creating: 0 };
      if (phase === 'cold') size.cold++;
      if (phase === 'attaching') size.creating++;
      sizes.set(key, size);
    }
    return [...shelves.values()].map(({ key, ...rule }) => ({
      ...rule,
      ...targets.of(key),
      ...(sizes.get(key) ?? { cold: 0, creating: 0 }),
      demanded: demand.get(key) ?? 0,
      coldPerSecond: Math.round(estimate.perSecond(key) * 1000) / 1000,
      startMs: Math.round(creations.meanMs(key)),
      lastHour: shares.lastHour(key),
      ...failureOf(creations.lastFailure(key)),
    }));
  }
}

/** One kind of cold containers: size, target, and why. */
interface ShelfReport extends Omit<ShelfRule, 'key'>, Recommendation {
  cold: number;
  creating: number;
  /** Containers that calls wait for. */
  demanded: number;
  coldPerSecond: number;
  startMs: number;
  lastHour: StartShare;
  lastFailure?: { code: string; message: string };
}

/** What the controller has begun shows at once, before the funclet's view says it. */
function shown(container: PoolContainer): PoolContainerView {
  const view = withoutSecrets(container.view);
  const { stats } = container.connection.runner ?? {};
  return {
    ...view,
    state: container.phase === 'resetting' && view.state !== 'gone' ? 'resetting' : view.state,
    phase: container.phase,
    inFlight: container.inFlight,
    ...(container.concurrency > 0 ? { concurrency: container.concurrency } : {}),
    ...(stats === undefined ? {} : { stats }),
  };
}

function failureOf(failure: ServiceError | undefined): { lastFailure?: { code: string; message: string } } {
  return failure === undefined ? {} : { lastFailure: { code: failure.code, message: failure.message } };
}

/** The token would open the container's socket to whoever reads it. */
function withoutSecrets(view: ContainerView): Omit<ContainerView, 'token' | 'socketDirectory'> {
  const { token, socketDirectory, ...rest } = view;
  void [token, socketDirectory];
  return rest;
}

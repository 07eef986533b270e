import { type Clock, ServiceError } from '@easyfaas/service-kit';
import type { ContainerView } from '@easyfaas/contracts/wire';
import type { PoolContainer as PoolContainerView, PoolReader, PoolSummary } from '../http/pool-reader';
import type { PoolContainer } from './container';
import type { ContainerCreations } from './container-creations';
import type { ContainerResets } from './container-resets';
import type { FunctionPools } from './function-pools';
import type { PoolView } from './pool-view';
import type { Reconciler } from './reconciler';
import { recommend } from './scale';

export interface PoolReportDeps {
  clock: Clock;
  view: PoolView;
  pools: FunctionPools;
  resets: ContainerResets;
  reconciler: Reconciler;
  creations: ContainerCreations;
  minByRuntime: ReadonlyMap<string, number>;
  max: number;
}

/** The rate of cold calls is taken over this window, ms. */
const RATE_WINDOW_MS = 60_000;

/** The pool as the operations API shows it, and the operator's hand on it. */
export class PoolReport implements PoolReader {
  readonly #deps: PoolReportDeps;
  readonly #warmUpsAtMs = new Map<string, number[]>();

  constructor(deps: PoolReportDeps) {
    this.#deps = deps;
  }

  /** A cold container of the runtime was taken. */
  noteWarmUp(runtime: string): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const recent = (this.#warmUpsAtMs.get(runtime) ?? []).filter((atMs) => nowMs - atMs < RATE_WINDOW_MS);
    this.#warmUpsAtMs.set(runtime, [...recent, nowMs]);
  }

  list(): PoolSummary {
    const { view, pools, creations, minByRuntime, max, reconciler } = this.#deps;
    const containers = [...view.values()].map(shown);
    const counts: Record<string, number> = {};
    for (const { state } of containers) counts[state] = (counts[state] ?? 0) + 1;
    const demand = reconciler.demand();
    return {
      containers,
      max,
      counts,
      runtimes: [...minByRuntime].map(([runtime, min]) => ({
        ...recommend(runtime, min, this.#coldPerSecond(runtime), creations.meanMs),
        cold: [...view.values()].filter((container) => container.phase === 'cold' && container.view.runtime === runtime).length,
        demanded: demand.get(runtime) ?? 0,
        ...failureOf(creations.lastFailure(runtime)),
      })),
      waiting: [...pools.values()]
        .filter(({ line }) => line.length > 0)
        .map(({ stored, accountId, line }) => ({ accountId, functionName: stored.configuration.FunctionName, calls: line.length })),
    };
  }

  get(containerId: string): PoolContainerView | undefined {
    const container = this.#deps.view.get(containerId);
    return container === undefined ? undefined : shown(container);
  }

  async reset(containerId: string, reason: string): Promise<PoolContainerView> {
    const container = this.#deps.view.get(containerId);
    if (container === undefined) throw new ServiceError('CONTAINER_NOT_FOUND', 'No container has this id; it may have been reset.');
    if (container.phase === 'resetting') throw new ServiceError('ILLEGAL_TRANSITION', 'The container is being reset already.');
    if (container.phase === 'warming' || container.phase === 'loading') {
      throw new ServiceError('ILLEGAL_TRANSITION', 'The container is being warmed up; try again when it is warm.');
    }
    if (container.inFlight === 0) this.#deps.resets.reset(container, reason);
    else if (container.phase === 'warm') {
      container.moveTo('draining');
      container.functionPool?.noteSlots(container);
    }
    return shown(container);
  }

  #coldPerSecond(runtime: string): number {
    const nowMs = this.#deps.clock.monotonicMs();
    const recent = (this.#warmUpsAtMs.get(runtime) ?? []).filter((atMs) => nowMs - atMs < RATE_WINDOW_MS);
    return recent.length / (RATE_WINDOW_MS / 1000);
  }
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
  } as PoolContainerView;
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

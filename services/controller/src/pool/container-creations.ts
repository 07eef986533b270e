import { type Clock, type Ids, type Logger, type ServiceError, asServiceError } from '@easyfaas/service-kit';
import { LIMITS } from '@easyfaas/contracts/wire';
import type { FuncletClient } from '../clients/funclet-client';
import type { PoolView } from './pool-view';

export interface ContainerCreationsDeps {
  clock: Clock;
  ids: Ids;
  logger: Logger;
  funclet: Pick<FuncletClient, 'create'>;
  /** A creation has ended, well or not. */
  onEnd: () => void;
  /** The node has no memory left for a container of the runtime. */
  onNoCapacity: (runtime: string) => void;
}

const BACK_OFF_MS = 500;
const BACK_OFF_MAX_MS = 15_000;

/** Creations under way, and how the last ones went. */
export class ContainerCreations {
  readonly #deps: ContainerCreationsDeps;
  readonly #runtimeById = new Map<string, string>();
  #failures = 0;
  /** Nothing is created before this time; monotonic, ms. */
  retryAtMs = 0;
  lastFailure: ServiceError | undefined;
  /** Mean time from the order to Docker's start, ms; for the recommendation. */
  meanMs = 500;

  constructor(deps: ContainerCreationsDeps) {
    this.#deps = deps;
  }

  /** Ordered and not yet in the funclet's list. */
  invisible(runtime: string, view: Pick<PoolView, 'get'>): number {
    let count = 0;
    for (const [containerId, ofRuntime] of this.#runtimeById) if (ofRuntime === runtime && view.get(containerId) === undefined) count++;
    return count;
  }

  start(runtime: string, reason: string): void {
    const { clock, ids, funclet, logger, onEnd, onNoCapacity } = this.#deps;
    const containerId = ids.containerId();
    const startedAtMs = clock.monotonicMs();
    this.#runtimeById.set(containerId, runtime);
    funclet
      .create({ containerId, runtime, memoryMb: LIMITS.memoryMbMin, network: 'none', reason })
      .then(
        () => {
          this.#failures = 0;
          this.retryAtMs = 0;
          this.lastFailure = undefined;
          this.meanMs += (clock.monotonicMs() - startedAtMs - this.meanMs) / 8;
        },
        (thrown: unknown) => {
          const error = asServiceError(thrown);
          this.lastFailure = error;
          this.retryAtMs = clock.monotonicMs() + Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** this.#failures);
          this.#failures++;
          logger.warn('container could not be created', { containerId, runtime, error });
          if (error.code === 'CAPACITY_EXCEEDED') onNoCapacity(runtime);
        },
      )
      .finally(() => {
        this.#runtimeById.delete(containerId);
        onEnd();
      });
  }
}

import { type Clock, type Ids, type Logger, ServiceError, asServiceError } from '@easyfaas/service-kit';
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

const BACK_OFF_MS = 250;
const BACK_OFF_MAX_MS = 15_000;
/** Weight of the newest start in the mean. */
const MEAN_WEIGHT = 1 / 8;
const FIRST_GUESS_MS = 500;

interface Failures {
  /** In a row. */
  count: number;
  retryAtMs: number;
  last: ServiceError;
}

/**
 * Creations under way, and how the last ones went. A runtime whose containers cannot be made, or end before they are ever
 * used, is tried again less and less often.
 */
export class ContainerCreations {
  readonly #deps: ContainerCreationsDeps;
  readonly #runtimeById = new Map<string, string>();
  readonly #failures = new Map<string, Failures>();
  #meanMs = FIRST_GUESS_MS;

  constructor(deps: ContainerCreationsDeps) {
    this.#deps = deps;
  }

  /** Mean time from the order to a cold container, ms. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** Ordered and not yet in the funclet's list. */
  invisible(runtime: string, view: Pick<PoolView, 'get'>): number {
    let count = 0;
    for (const [containerId, ofRuntime] of this.#runtimeById) if (ofRuntime === runtime && view.get(containerId) === undefined) count++;
    return count;
  }

  /** After failures a pause is made. */
  isPausing(runtime: string): boolean {
    return this.#deps.clock.monotonicMs() < (this.#failures.get(runtime)?.retryAtMs ?? 0);
  }

  lastFailure(runtime: string): ServiceError | undefined {
    return this.#failures.get(runtime)?.last;
  }

  start(runtime: string, reason: string): void {
    const { ids, funclet, logger, onEnd, onNoCapacity } = this.#deps;
    const containerId = ids.containerId();
    this.#runtimeById.set(containerId, runtime);
    funclet
      .create({ containerId, runtime, memoryMb: LIMITS.memoryMbMin, network: 'none', reason })
      .catch((thrown: unknown) => {
        const error = asServiceError(thrown);
        logger.warn('container could not be created', { containerId, runtime, error });
        this.noteFailure(runtime, error);
        if (error.code === 'CAPACITY_EXCEEDED') onNoCapacity(runtime);
      })
      .finally(() => {
        this.#runtimeById.delete(containerId);
        onEnd();
      });
  }

  /** A container of the runtime has become cold, so long after it was seen first. */
  noteSuccess(runtime: string, startMs: number): void {
    this.#failures.delete(runtime);
    this.#meanMs += MEAN_WEIGHT * (startMs - this.#meanMs);
  }

  noteFailure(runtime: string, error: ServiceError): void {
    const count = (this.#failures.get(runtime)?.count ?? 0) + 1;
    const pauseMs = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** (count - 1));
    this.#failures.set(runtime, { count, retryAtMs: this.#deps.clock.monotonicMs() + pauseMs, last: error });
  }

  /** It ended before it was ever used. */
  noteEarlyEnd(runtime: string, reason: string): void {
    this.noteFailure(runtime, new ServiceError('RUNTIME_UNAVAILABLE', `the last container of ${runtime} did not come up (${reason})`));
  }
}

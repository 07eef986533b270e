import { type Clock, type Ids, type Logger, ServiceError, asServiceError } from '@easyfaas/service-kit';
import type { FuncletClient } from '../clients/funclet-client';
import type { PoolView } from './pool-view';
import type { ShelfRule } from './shelves';

export interface ContainerCreationsDeps {
  clock: Clock;
  ids: Ids;
  logger: Logger;
  funclet: Pick<FuncletClient, 'create'>;
  /** A creation has ended, well or not. */
  onEnd: () => void;
  /** The node has no memory left for a container of the kind. */
  onNoCapacity: (shelf: string, error: ServiceError) => void;
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
 * Creations under way, and how the last ones went. A kind whose containers cannot be made, or end before they are ever
 * used, is tried again less and less often.
 */
export class ContainerCreations {
  readonly #deps: ContainerCreationsDeps;
  readonly #shelfById = new Map<string, string>();
  readonly #failures = new Map<string, Failures>();
  readonly #meansMs = new Map<string, number>();

  constructor(deps: ContainerCreationsDeps) {
    this.#deps = deps;
  }

  /** Mean time from the order to a cold container, ms. */
  meanMs(shelf: string): number {
    return this.#meansMs.get(shelf) ?? FIRST_GUESS_MS;
  }

  /** Ordered and not yet in the funclet's list. */
  invisible(shelf: string, view: Pick<PoolView, 'get'>): number {
    let count = 0;
    for (const [containerId, onShelf] of this.#shelfById) if (onShelf === shelf && view.get(containerId) === undefined) count++;
    return count;
  }

  /** After failures a pause is made. */
  isPausing(shelf: string): boolean {
    return this.#deps.clock.monotonicMs() < (this.#failures.get(shelf)?.retryAtMs ?? 0);
  }

  lastFailure(shelf: string): ServiceError | undefined {
    return this.#failures.get(shelf)?.last;
  }

  start({ key, runtime, classMb, network, tmpMb }: ShelfRule, reason: string): void {
    const { ids, funclet, logger, onEnd, onNoCapacity } = this.#deps;
    const containerId = ids.containerId();
    this.#shelfById.set(containerId, key);
    funclet
      .create({ containerId, runtime, memoryMb: classMb, network, ...(tmpMb === undefined ? {} : { tmpMb }), reason })
      .catch((thrown: unknown) => {
        const error = asServiceError(thrown);
        logger.warn('container could not be created', { containerId, shelf: key, error });
        this.noteFailure(key, error);
        if (error.code === 'CAPACITY_EXCEEDED') onNoCapacity(key, error);
      })
      .finally(() => {
        this.#shelfById.delete(containerId);
        onEnd();
      });
  }

  /** A container of the kind has become cold, so long after it was seen first. */
  noteSuccess(shelf: string, startMs: number): void {
    this.#failures.delete(shelf);
    const meanMs = this.meanMs(shelf);
    this.#meansMs.set(shelf, meanMs + MEAN_WEIGHT * (startMs - meanMs));
  }

  noteFailure(shelf: string, error: ServiceError): void {
    const count = (this.#failures.get(shelf)?.count ?? 0) + 1;
    const pauseMs = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** (count - 1));
    this.#failures.set(shelf, { count, retryAtMs: this.#deps.clock.monotonicMs() + pauseMs, last: error });
  }

  /** It ended before it was ever used. */
  noteEarlyEnd(shelf: string, reason: string): void {
    this.noteFailure(
      shelf,
      new ServiceError('RUNTIME_UNAVAILABLE', `the last container of ${shelf.split('/')[0] ?? shelf} did not come up (${reason})`),
    );
  }
}

import type { ErrorCode } from '@easyfaas/contracts/wire';
import { ServiceError, type Clock } from '@easyfaas/service-kit';

export interface RevalidatingCacheOptions<V> {
  /** MUST answer undefined for what does not exist, and throw STORE_UNAVAILABLE when it cannot know. */
  load: (key: string) => Promise<V | undefined>;
  clock: Clock;
  /** An entry younger than this is served as it is, ms. */
  freshMs: number;
  /** From then on until this age it is served while it is loaded anew in the background, ms. */
  graceMs: number;
  /** How long "does not exist" is believed, ms; 0 does not keep it. */
  negativeMs: number;
  /** While the store is away older entries are served, up to this age, ms. */
  outageMs: number;
  /** Entries kept; the one added longest ago goes first. */
  capacity: number;
  /** Told of each reload that found something else than what was cached. */
  onReload?: (key: string, before: V, now: V | undefined) => void;
  onBackgroundError?: (error: unknown) => void;
}

interface Entry<V> {
  value: V | undefined;
  loadedAtMs: number;
  /** Not loaded again before this time: set after a failure, so that an outage costs one attempt per second and key. */
  retryAtMs: number;
}

const RETRY_AFTER_FAILURE_MS = 1000;

/**
 * An in-memory view of a remote table for the hot path: answers synchronously when it can, joins loads of one key, and
 * keeps serving what it has while the store is away (nobody can have changed the store then).
 */
export class RevalidatingCache<V> {
  readonly #options: RevalidatingCacheOptions<V>;
  readonly #entries = new Map<string, Entry<V>>();
  readonly #loads = new Map<string, Promise<V | undefined>>();

  constructor(options: RevalidatingCacheOptions<V>) {
    this.#options = options;
  }

  /**
   * The value, or undefined when there is none; a promise only if the store must be asked first.
   * @throws what `load` throws, when there is nothing to serve instead
   */
  get(key: string): V | undefined | Promise<V | undefined> {
    const served = this.peek(key);
    if (served !== undefined) return served;
    const entry = this.#entries.get(key);
    if (entry === undefined) return this.#load(key);
    if (entry.value === undefined) return this.#isNegativeFresh(entry) ? undefined : this.#load(key);
    return this.#loadOrServe(key, entry);
  }

  /** What `get` would serve without asking the store; starts a refresh in the background like `get`. */
  peek(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry?.value === undefined) return undefined;
    const nowMs = this.#options.clock.monotonicMs();
    const ageMs = nowMs - entry.loadedAtMs;
    if (ageMs < this.#options.freshMs) return entry.value;
    if (nowMs < entry.retryAtMs) return ageMs < this.#options.outageMs ? entry.value : undefined;
    if (ageMs >= this.#options.graceMs) return undefined;
    this.#refresh(key);
    return entry.value;
  }

  /** Loads what is likely to be asked for next, in the background, where there is room for it. */
  prefetch(key: string): void {
    if (this.#entries.size < this.#options.capacity) this.#refresh(key);
  }

  /** Whether a value was found for the key, however long ago. */
  has(key: string): boolean {
    return this.#entries.get(key)?.value !== undefined;
  }

  /** The key is asked for anew by the next `get`; a load under way is not trusted any more. */
  invalidate(key: string): void {
    this.#entries.delete(key);
    this.#loads.delete(key);
  }

  /** @returns the keys that were dropped */
  invalidateWhere(isMatch: (value: V, key: string) => boolean): string[] {
    const dropped: string[] = [];
    for (const [key, { value }] of this.#entries) {
      if (value !== undefined && isMatch(value, key)) dropped.push(key);
    }
    for (const key of dropped) this.invalidate(key);
    // What is being loaded may match as well: it is known only when it has arrived, too late for this notice.
    this.#loads.clear();
    return dropped;
  }

  /** All entries may be old: each is checked before it is served again, if the store answers. */
  expireAll(): void {
    this.#loads.clear();
    for (const [key, entry] of this.#entries) {
      if (entry.value === undefined) this.#entries.delete(key);
      else this.#entries.set(key, { value: entry.value, loadedAtMs: this.#oldEnough(entry.loadedAtMs), retryAtMs: 0 });
    }
  }

  #isNegativeFresh({ loadedAtMs }: Entry<V>): boolean {
    return this.#options.clock.monotonicMs() - loadedAtMs < this.#options.negativeMs;
  }

  #oldEnough(loadedAtMs: number): number {
    return Math.min(loadedAtMs, this.#options.clock.monotonicMs() - this.#options.graceMs);
  }

  async #loadOrServe(key: string, entry: Entry<V>): Promise<V | undefined> {
    try {
      return await this.#load(key);
    } catch (error) {
      const ageMs = this.#options.clock.monotonicMs() - entry.loadedAtMs;
      if (!isOutage(error) || ageMs >= this.#options.outageMs) throw error;
      return entry.value;
    }
  }

  #refresh(key: string): void {
    if (this.#loads.has(key)) return;
    this.#load(key).catch((error: unknown) => this.#options.onBackgroundError?.(error));
  }

  #load(key: string): Promise<V | undefined> {
    const running = this.#loads.get(key);
    if (running !== undefined) return running;
    const started: Promise<V | undefined> = this.#options.load(key).then(
      (value) => {
        if (this.#loads.get(key) === started) this.#keep(key, value);
        return value;
      },
      (error: unknown) => {
        if (this.#loads.get(key) === started) this.#postpone(key, error);
        throw error;
      },
    );
    this.#loads.set(key, started);
    return started;
  }

  #keep(key: string, value: V | undefined): void {
    this.#loads.delete(key);
    const before = this.#entries.get(key)?.value;
    if (before !== undefined && before !== value) this.#options.onReload?.(key, before, value);
    if (value === undefined && this.#options.negativeMs === 0) {
      this.#entries.delete(key);
      return;
    }
    if (before === undefined && this.#entries.size >= this.#options.capacity) this.#evictOldest();
    this.#entries.set(key, { value, loadedAtMs: this.#options.clock.monotonicMs(), retryAtMs: 0 });
  }

  #postpone(key: string, error: unknown): void {
    this.#loads.delete(key);
    const entry = this.#entries.get(key);
    if (entry !== undefined && isOutage(error)) entry.retryAtMs = this.#options.clock.monotonicMs() + RETRY_AFTER_FAILURE_MS;
  }

  #evictOldest(): void {
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}

/** An answer that cannot be used says as little as none. */
const OUTAGES: readonly ErrorCode[] = ['STORE_UNAVAILABLE', 'REGISTRY_UNAVAILABLE', 'REGISTRY_INVALID'];

function isOutage(error: unknown): boolean {
  return error instanceof ServiceError && OUTAGES.includes(error.code);
}

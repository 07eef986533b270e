import { setImmediate as nextTurn } from 'node:timers/promises';
import { ServiceError, SingleFlight, type Clock, type Logger } from '@easyfaas/service-kit';
import { chooseEvictions } from './choose-evictions';
import { findAltered, findTouched, type CodeManifest } from './code-manifest';
import type { CodeStore } from './code-store';

export interface CodeCacheOptions {
  store: CodeStore;
  maxBytes: number;
  /** Longest time for one package to be checked and unpacked, ms. */
  unpackTimeoutMs: number;
  /** False where files are linked into containers, which changes their ctime. */
  comparesChangeTime: boolean;
  /** Packages that containers have at the moment. */
  inUse: () => ReadonlySet<string>;
  /** Names of directories below `code/` that are mounted in containers. */
  mountedNames: () => ReadonlySet<string>;
  /** Told of a package that was found altered after it had been handed out: who uses it must stop. */
  onAltered: (sha256: string) => void;
  /** Ends the checks in the background. */
  stopping: AbortSignal;
  clock: Clock;
  logger: Logger;
}

interface CacheEntry {
  manifest: CodeManifest;
  lastUsedMs: number;
  isBeingChecked: boolean;
}

/** Items compared before a package is handed out, about 1 ms; of a larger package the rest is compared soon after. */
const QUICK_ITEMS = 200;
/** The cold call that the package is handed out for needs the processors first. */
const REST_AFTER_MS = 50;

/**
 * Which packages are unpacked, and that they are as they were unpacked. Three checks, dearer and rarer: times and sizes of
 * up to 200 files before each use; of the others soon after; the hash of every file after the first use and every few
 * minutes. Who is found to have altered code is told on `onAltered`.
 */
export class CodeCache {
  readonly #options: CodeCacheOptions;
  readonly #entries = new Map<string, CacheEntry>();
  /** Bytes of packages that an earlier process left and nobody has used since. */
  readonly #unused = new Map<string, number>();
  readonly #flights = new SingleFlight<CacheEntry>();
  #hashing = Promise.resolve();

  constructor(options: CodeCacheOptions) {
    this.#options = options;
    for (const sha256 of options.store.list()) {
      const manifest = options.store.readManifest(sha256);
      if (manifest !== undefined) this.#unused.set(sha256, manifest.bytes);
    }
  }

  /**
   * Makes sure that a package is unpacked and as it was unpacked. Calls for one package at the same time share the work.
   * @param parts the packages to lay over each other that the directory shows; {@link codeName} names it
   * @returns its directory's name below `code/`
   * @throws ServiceError CODE_CORRUPT when it was altered on disk (it is then discarded: the next call unpacks it anew), or
   *   why it cannot be unpacked
   */
  async ensure(sha256: string, signal: AbortSignal, parts: readonly string[] = [sha256]): Promise<string> {
    const entry = this.#known(sha256) ?? (await this.#loadOnce(sha256, parts, signal));
    if (this.#isTouched(sha256, entry.manifest, 0)) {
      this.#discard(sha256);
      const message = `The unpacked code of package ${sha256} was altered on disk; the copy was discarded, call again.`;
      throw new ServiceError('CODE_CORRUPT', message);
    }
    if (entry.manifest.items.length > QUICK_ITEMS) void this.#checkRest(sha256, entry);
    entry.lastUsedMs = this.#options.clock.monotonicMs();
    return sha256;
  }

  /** Hashes every package in use by this process, in the background. */
  verifyAll(): void {
    for (const sha256 of this.#entries.keys()) this.#hashSoon(sha256);
  }

  /** Removes files that nobody needs any more. */
  sweep(): void {
    this.#options.store.sweep(this.#options.mountedNames());
  }

  /** What is gone as a whole was not altered: it is unpacked as if it had never been there. */
  #known(sha256: string): CacheEntry | undefined {
    return this.#options.store.has(sha256) ? this.#entries.get(sha256) : undefined;
  }

  #loadOnce(sha256: string, parts: readonly string[], signal: AbortSignal): Promise<CacheEntry> {
    return untilAborted(
      signal,
      this.#flights.run(sha256, () => this.#load(sha256, parts)),
    );
  }

  /** From disk when an earlier process unpacked it and nobody touched it since; else from the zip. */
  async #load(sha256: string, parts: readonly string[]): Promise<CacheEntry> {
    const { store, unpackTimeoutMs, logger, clock } = this.#options;
    const found = store.readManifest(sha256);
    if (found !== undefined && !(await this.#isTouchedFrom(sha256, found, 0))) {
      this.#hashSoon(sha256);
      return this.#enter(found);
    }
    this.#discard(sha256);
    const startedMs = clock.monotonicMs();
    const manifest = await store.unpack(sha256, parts, AbortSignal.timeout(unpackTimeoutMs));
    logger.info('package unpacked', { sha256, items: manifest.items.length, bytes: manifest.bytes, ms: clock.monotonicMs() - startedMs });
    return this.#enter(manifest);
  }

  #enter(manifest: CodeManifest): CacheEntry {
    const entry = { manifest, lastUsedMs: this.#options.clock.monotonicMs(), isBeingChecked: false };
    this.#entries.set(manifest.sha256, entry);
    this.#unused.delete(manifest.sha256);
    this.#evict(manifest.sha256);
    return entry;
  }

  #isTouched(sha256: string, manifest: CodeManifest, from: number): boolean {
    const { store, comparesChangeTime, logger } = this.#options;
    const path = findTouched(store.path(sha256), manifest, { from, count: QUICK_ITEMS, comparesChangeTime });
    if (path !== undefined) logger.error('unpacked code was touched on disk', { sha256, path });
    return path !== undefined;
  }

  /** In slices, so that others get their turn. */
  async #isTouchedFrom(sha256: string, manifest: CodeManifest, start: number): Promise<boolean> {
    for (let from = start; from < manifest.items.length; from += QUICK_ITEMS) {
      if (this.#isTouched(sha256, manifest, from)) return true;
      await nextTurn();
    }
    return false;
  }

  /** Compares what the quick check left out; once at a time for a package. */
  async #checkRest(sha256: string, entry: CacheEntry): Promise<void> {
    if (entry.isBeingChecked) return;
    entry.isBeingChecked = true;
    await new Promise<void>((resolve) => this.#options.clock.after(REST_AFTER_MS, resolve));
    const isTouched = await this.#isTouchedFrom(sha256, entry.manifest, QUICK_ITEMS);
    entry.isBeingChecked = false;
    if (isTouched) this.#accuse(sha256, entry);
  }

  /** One package after the other: reading is for the disk, hashing for the processor, both are shared with functions. */
  #hashSoon(sha256: string): void {
    const { store, stopping, logger } = this.#options;
    this.#hashing = this.#hashing.then(async () => {
      const entry = this.#entries.get(sha256);
      if (entry === undefined || stopping.aborted) return;
      try {
        const path = await findAltered(store.path(sha256), entry.manifest, stopping);
        if (path === undefined) return;
        logger.error('unpacked code was altered on disk', { sha256, path });
        this.#accuse(sha256, entry);
      } catch (error) {
        if (!stopping.aborted) logger.warn('unpacked code cannot be verified', { sha256, error });
      }
    });
  }

  #accuse(sha256: string, entry: CacheEntry): void {
    if (this.#entries.get(sha256) !== entry) return;
    this.#discard(sha256);
    this.#options.onAltered(sha256);
  }

  #evict(keep: string): void {
    const { maxBytes, inUse, logger } = this.#options;
    const used = [...this.#entries].map(([sha256, { manifest, lastUsedMs }]) => ({ sha256, bytes: manifest.bytes, lastUsedMs }));
    const unused = [...this.#unused].map(([sha256, bytes]) => ({ sha256, bytes, lastUsedMs: Number.NEGATIVE_INFINITY }));
    for (const sha256 of chooseEvictions([...unused, ...used], new Set(inUse()).add(keep), maxBytes)) {
      logger.info('unpacked package evicted', { sha256 });
      this.#discard(sha256);
    }
  }

  #discard(sha256: string): void {
    this.#entries.delete(sha256);
    this.#unused.delete(sha256);
    this.#options.store.discard(sha256);
    this.sweep();
  }
}

/** Stops waiting when the signal aborts; the work itself goes on for the others who wait for it. */
function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

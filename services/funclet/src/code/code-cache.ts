import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PackageError, extractPackage, type PackageLimits } from '@easyfaas/code-package';
import { ServiceError, SingleFlight, type Clock, type Logger } from '@easyfaas/service-kit';
import { chooseEvictions } from './choose-evictions';
import { describeTree, findAltered, findTouched, hashFile, type CodeManifest } from './code-manifest';
import { removeTree } from './remove-tree';

export interface CodeCacheOptions {
  /** `<dataDir>/code` and `<dataDir>/packages`, existing. */
  directory: string;
  packages: string;
  limits: PackageLimits;
  maxBytes: number;
  /** Longest time for one package to be checked and unpacked, ms. */
  unpackTimeoutMs: number;
  comparesChangeTime: boolean;
  /** Packages that containers have at the moment. */
  inUse: () => ReadonlySet<string>;
  /** Directory names below `code/` that are mounted somewhere. */
  mountedNames: () => ReadonlySet<string>;
  /** Told of a package that was found altered after it had been handed out: who uses it must stop. */
  onAltered: (sha256: string) => void;
  clock: Clock;
  logger: Logger;
}

interface CacheEntry {
  manifest: CodeManifest;
  lastUsedMs: number;
  isBeingChecked: boolean;
}

const COMPLETE = '.complete';
const TEMPORARY = '.unpacking-';
const DISCARDED = '.discarded-';
/** Items compared before a package is handed out, about 1 ms; of a larger package the rest is compared right after. */
const QUICK_ITEMS = 200;

/**
 * Unpacked packages, `code/<sha256>/`, each with `code/<sha256>.complete` beside it. A package is published by a rename, so
 * it is there as a whole or not at all; beside and not inside, so that functions see their own files only.
 */
export class CodeCache {
  readonly #options: CodeCacheOptions;
  readonly #entries = new Map<string, CacheEntry>();
  readonly #flights = new SingleFlight<CacheEntry>();
  #discards = 0;

  constructor(options: CodeCacheOptions) {
    this.#options = options;
  }

  /** Bytes of all unpacked packages. */
  get bytes(): number {
    return [...this.#entries.values()].reduce((sum, entry) => sum + entry.manifest.bytes, 0);
  }

  /**
   * Makes sure that a package is unpacked and as it was unpacked. Calls for one package at the same time share the work.
   * @returns its directory's name below `code/`
   * @throws ServiceError CODE_CORRUPT when it was altered on disk (it is then discarded: the next call unpacks it anew),
   *   CHECKSUM_MISMATCH or a package error when the zip itself is bad, RUNTIME_UNAVAILABLE when the zip is not there
   */
  async ensure(sha256: string, signal: AbortSignal): Promise<string> {
    const entry =
      this.#entries.get(sha256) ??
      (await untilAborted(
        signal,
        this.#flights.run(sha256, () => this.#load(sha256)),
      ));
    if (this.#isTouched(sha256, entry, { from: 0, count: QUICK_ITEMS })) {
      this.#discard(sha256);
      throw new ServiceError(
        'CODE_CORRUPT',
        `The unpacked code of package ${sha256} was altered on disk; the copy was discarded, call again.`,
      );
    }
    if (entry.manifest.items.length > QUICK_ITEMS) void this.#checkRest(sha256, entry);
    entry.lastUsedMs = this.#options.clock.monotonicMs();
    return sha256;
  }

  /** Compares every file's hash, one package after the other; one that was altered is discarded and told of. */
  async verifyAll(signal: AbortSignal): Promise<void> {
    for (const [sha256, { manifest }] of [...this.#entries]) {
      const path = await findAltered(this.#path(sha256), manifest, signal);
      if (path === undefined) continue;
      this.#options.logger.error('unpacked code was altered on disk', { sha256, path });
      this.#discard(sha256);
      this.#options.onAltered(sha256);
    }
  }

  /** Removes what an earlier process left: half-unpacked and discarded packages that no container has mounted. */
  sweep(): void {
    const { directory, mountedNames } = this.#options;
    const mounted = mountedNames();
    for (const name of readdirSync(directory)) {
      const isRubbish = name.startsWith(DISCARDED) || (name.startsWith(TEMPORARY) && !this.#flights.has(name.split('-')[1] ?? ''));
      if (isRubbish && !mounted.has(name)) removeTree(join(directory, name));
    }
  }

  /** Packages on disk that this process has not used yet are counted from now on too. */
  scan(): void {
    for (const name of readdirSync(this.#options.directory)) {
      if (!name.endsWith(COMPLETE) || name.startsWith('.')) continue;
      const sha256 = name.slice(0, -COMPLETE.length);
      const manifest = this.#readManifest(sha256);
      if (manifest !== undefined) this.#known.set(sha256, manifest.bytes);
    }
  }

  /** Bytes of packages found on disk and not verified by this process yet. */
  readonly #known = new Map<string, number>();

  #isTouched(sha256: string, { manifest }: CacheEntry, part: { from: number; count: number }): boolean {
    const path = findTouched(this.#path(sha256), manifest, { ...part, comparesChangeTime: this.#options.comparesChangeTime });
    if (path !== undefined) this.#options.logger.error('unpacked code was touched on disk', { sha256, path });
    return path !== undefined;
  }

  /** Compares what the quick check left out, in slices so that others get their turn; once at a time for a package. */
  async #checkRest(sha256: string, entry: CacheEntry): Promise<void> {
    if (entry.isBeingChecked) return;
    entry.isBeingChecked = true;
    for (let from = QUICK_ITEMS; from < entry.manifest.items.length; from += QUICK_ITEMS) {
      await nextTurn();
      if (this.#entries.get(sha256) !== entry) return;
      if (this.#isTouched(sha256, entry, { from, count: QUICK_ITEMS })) {
        this.#discard(sha256);
        this.#options.onAltered(sha256);
        return;
      }
    }
    entry.isBeingChecked = false;
  }

  /** From disk when an earlier process unpacked it and every hash agrees; else from the zip. */
  async #load(sha256: string): Promise<CacheEntry> {
    const signal = AbortSignal.timeout(this.#options.unpackTimeoutMs);
    const manifest = this.#readManifest(sha256);
    if (manifest !== undefined) {
      const altered = await findAltered(this.#path(sha256), manifest, signal).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return 'a missing file';
        throw error;
      });
      if (altered === undefined) return this.#enter(sha256, manifest);
      this.#options.logger.error('unpacked code was altered while the funclet was down', { sha256, path: altered });
    }
    this.#discard(sha256);
    return this.#enter(sha256, await this.#unpack(sha256, signal));
  }

  #enter(sha256: string, manifest: CodeManifest): CacheEntry {
    const entry = { manifest, lastUsedMs: this.#options.clock.monotonicMs(), isBeingChecked: false };
    this.#entries.set(sha256, entry);
    this.#known.delete(sha256);
    this.#evict(sha256);
    return entry;
  }

  async #unpack(sha256: string, signal: AbortSignal): Promise<CodeManifest> {
    const { directory, packages, limits, logger, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const zipPath = join(packages, `${sha256}.zip`);
    await assertChecksum(zipPath, sha256, signal);
    const temporary = mkdtempSync(join(directory, `${TEMPORARY}${sha256}-`));
    try {
      // Open for our own writing only; the rename below needs no write bit on the directory itself.
      chmodSync(temporary, 0o755);
      const extracted = await extractPackage(zipPath, temporary, limits, signal);
      chmodSync(temporary, 0o555);
      const manifest = describeTree(temporary, sha256, extracted.entries);
      renameSync(temporary, this.#path(sha256));
      this.#writeManifest(sha256, manifest);
      logger.info('package unpacked', {
        sha256,
        files: extracted.files,
        bytes: extracted.unpackedBytes,
        ms: clock.monotonicMs() - startedMs,
      });
      return manifest;
    } catch (error) {
      removeTree(temporary);
      throw translate(sha256, error);
    }
  }

  #evict(keep: string): void {
    const { maxBytes, inUse, logger } = this.#options;
    const used = new Set(inUse()).add(keep);
    const verified = [...this.#entries].map(([sha256, { manifest, lastUsedMs }]) => ({ sha256, bytes: manifest.bytes, lastUsedMs }));
    const known = [...this.#known].map(([sha256, bytes]) => ({ sha256, bytes, lastUsedMs: Number.NEGATIVE_INFINITY }));
    for (const sha256 of chooseEvictions([...known, ...verified], used, maxBytes)) {
      logger.info('unpacked package evicted', { sha256 });
      this.#discard(sha256);
    }
  }

  /** Takes a package out of use at once. Its files go when no container has them mounted. */
  #discard(sha256: string): void {
    const { directory, clock } = this.#options;
    this.#entries.delete(sha256);
    this.#known.delete(sha256);
    rmSync(this.#manifestPath(sha256), { force: true });
    if (!existsSync(this.#path(sha256))) return;
    this.#discards += 1;
    renameSync(this.#path(sha256), join(directory, `${DISCARDED}${clock.wallMs()}-${this.#discards}`));
    this.sweep();
  }

  #readManifest(sha256: string): CodeManifest | undefined {
    let text: string;
    try {
      text = readFileSync(this.#manifestPath(sha256), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const manifest = JSON.parse(text) as Partial<CodeManifest>;
    const isUsable =
      manifest.version === 1 && manifest.sha256 === sha256 && Array.isArray(manifest.items) && existsSync(this.#path(sha256));
    return isUsable ? (manifest as CodeManifest) : undefined;
  }

  #writeManifest(sha256: string, manifest: CodeManifest): void {
    const path = this.#manifestPath(sha256);
    writeFileSync(`${path}.new`, JSON.stringify(manifest), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  #path(sha256: string): string {
    return join(this.#options.directory, sha256);
  }

  #manifestPath(sha256: string): string {
    return join(this.#options.directory, `${sha256}${COMPLETE}`);
  }
}

async function assertChecksum(zipPath: string, sha256: string, signal: AbortSignal): Promise<void> {
  let actual: string;
  try {
    actual = await hashFile(zipPath, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new ServiceError('RUNTIME_UNAVAILABLE', `Package ${sha256} is not in the package store; upload the function's code again.`, {
      cause,
    });
  }
  if (actual === sha256) return;
  throw new ServiceError(
    'CHECKSUM_MISMATCH',
    `The stored package ${sha256} has another SHA-256, ${actual}; upload the function's code again.`,
  );
}

function translate(sha256: string, error: unknown): unknown {
  if (error instanceof PackageError) return new ServiceError(error.code, `Package ${sha256}: ${error.message}`, { cause: error });
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
    return new ServiceError('DISK_FULL', 'The disk of the data directory is full: code cannot be unpacked. Free some space.', {
      cause: error,
    });
  }
  return error;
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

import type { Clock, Logger } from '@easyfaas/service-kit';
import { chooseUnusedPackages, UNUSED_AGE_MS } from './choose-unused-packages';
import type { FunctionStore } from './function-store';
import type { PackageFiles } from './package-store';

export interface PackageSweepOptions {
  files: PackageFiles;
  functions: Pick<FunctionStore, 'packagesInUse'>;
  clock: Clock;
  logger: Logger;
  /** Told of the packages here that are in use, and of each that was removed. */
  copies?: { heal(sha256s: readonly string[]): Promise<void>; forget(sha256: string): Promise<void> } | undefined;
}

const PAUSE_MS = 10 * 60_000;

/**
 * Removes packages that no stored function refers to any more. Functions are looked at in pieces: what is held at a time is
 * a hash per package. While the store does not answer, or answers in part, nothing is removed.
 */
export class PackageSweep {
  readonly #options: PackageSweepOptions;
  #suspects: ReadonlySet<string> = new Set();
  #cancel: () => void = () => undefined;
  #isStopped = false;

  constructor(options: PackageSweepOptions) {
    this.#options = options;
  }

  /** The first look is one pause from now: at the start other things matter. */
  start(): void {
    this.#cancel = this.#options.clock.after(PAUSE_MS, () => void this.#lookAndGoOn());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  async #lookAndGoOn(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      if (!this.#isStopped) this.#options.logger.warn('unused packages stay for now', { error });
    }
    if (!this.#isStopped) this.start();
  }

  async #look(): Promise<void> {
    const { files, functions, clock, copies } = this.#options;
    const there = await files.list();
    const names = new Set(there.map(({ sha256 }) => sha256));
    const referenced = new Set<string>();
    let functionCount = 0;
    for await (const sha256 of functions.packagesInUse()) {
      functionCount += 1;
      if (names.has(sha256)) referenced.add(sha256);
    }
    const nowMs = clock.wallMs();
    const choice = chooseUnusedPackages({ files: there, referenced, functionCount, suspects: this.#suspects, nowMs });
    this.#suspects = choice.suspects;
    let count = 0;
    let bytes = 0;
    for (const { sha256, sizeBytes } of choice.remove) {
      if (this.#isStopped) return;
      // Uploaded again since the list was made: then a function may refer to it that was stored since.
      if (!(await files.removeIfOlder(sha256, nowMs - UNUSED_AGE_MS))) continue;
      count += 1;
      bytes += sizeBytes;
      await copies?.forget(sha256);
    }
    if (count > 0) this.#options.logger.info('unused packages removed', { count, bytes });
    // Only those in use: two pods would otherwise bring each other's rubbish back for ever.
    await copies?.heal([...referenced]);
  }
}

import { createHash, randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { PackageError, inspectPackage, type PackageLimits } from '@easyfaas/code-package';
import { ServiceError, type Clock, type Logger } from '@easyfaas/service-kit';
import type { PackageInspector } from './package-inspector';
import type { CheckedPackage, PackageFile, PackageFiles, PackageStore, StoredPackage, Upload } from './package-store';

export interface DiskPackageStoreOptions {
  /** Packages are in `<dataDir>/packages`. */
  dataDir: string;
  /** Instead, where several pods share a directory. */
  directory?: string | undefined;
  /** Largest zip, bytes. */
  packageBytes: number;
  limits: PackageLimits;
  /** Looks at large packages elsewhere; absent: all on this thread. */
  inspector?: Pick<PackageInspector, 'inspect'>;
  clock: Clock;
  logger: Logger;
}

const PACKAGE = /^([0-9a-f]{64})\.zip$/;
const TEMPORARY = /^\.(upload|removed)-[0-9a-f-]{36}$/;
/** An upload takes as long as the server's request time-out at most; what is older belongs to a process that died. */
const ABANDONED_MS = 10 * 60_000;
const INSPECTION_MS = 20_000;
/** Inflating uses a processor: uploads wait for each other rather than starve the calls. */
const INSPECTIONS_AT_ONCE = 2;
/** Uploads stop before the disk is full: below a tenth of it, or 1 GiB on large disks. */
const FLOOR_SHARE = 0.1;
const FLOOR_BYTES = 1024 ** 3;

/**
 * Zips as files `<sha256>.zip`, published by rename. They are never overwritten with other content, so the funclet may read
 * them at any time. Each upload makes a new file, also of a package that was there: its time of modification is that of the last
 * upload. Other pods may write the same directory: nothing is taken away that was not looked at after it was moved aside.
 */
export class DiskPackageStore implements PackageStore, PackageFiles {
  readonly #options: DiskPackageStoreOptions;
  readonly #directory: string;
  readonly #waiting: (() => void)[] = [];
  #inspecting = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #cancelSweep: () => void = () => undefined;

  constructor(options: DiskPackageStoreOptions) {
    this.#options = options;
    this.#directory = options.directory ?? join(options.dataDir, 'packages');
  }

  /** Removes what a crash left behind, now and every ten minutes. */
  async start(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o770 });
    await this.#sweep();
    this.#cancelSweep = this.#options.clock.after(ABANDONED_MS, () => {
      this.start().catch((error: unknown) => this.#options.logger.warn('package sweep failed', { error }));
    });
  }

  stop(): void {
    this.#cancelSweep();
  }

  async put(upload: Upload): Promise<CheckedPackage> {
    const temporary = join(this.#directory, `.upload-${randomUUID()}`);
    try {
      await this.#assertSpace();
      const received = await this.#receive(upload.bytes, temporary);
      if (upload.sha256 !== undefined && upload.sha256 !== received.sha256) {
        throw new ServiceError('CHECKSUM_MISMATCH', 'The package does not have the announced Sha256; upload it again.', {
          details: { announced: upload.sha256, received: received.sha256 },
        });
      }
      const { unpackedBytes } = await this.#inspect(temporary);
      await this.#inTurn(() => rename(temporary, this.#pathOf(received.sha256)));
      return { ...received, unpackedBytes };
    } catch (error) {
      await rm(temporary, { force: true });
      throw asPackageFailure(error);
    }
  }

  async list(): Promise<PackageFile[]> {
    const files: PackageFile[] = [];
    for (const name of await readdir(this.#directory)) {
      const sha256 = PACKAGE.exec(name)?.[1];
      const facts = sha256 === undefined ? undefined : await factsOf(join(this.#directory, name));
      if (sha256 !== undefined && facts?.isFile() === true) files.push({ sha256, sizeBytes: facts.size, modifiedMs: facts.mtimeMs });
    }
    return files;
  }

  removeIfOlder(sha256: string, thanMs: number): Promise<boolean> {
    const path = this.#pathOf(sha256);
    return this.#inTurn(async () => {
      const facts = await factsOf(path);
      if (facts === undefined || facts.mtimeMs >= thanMs) return false;
      const aside = join(this.#directory, `.removed-${randomUUID()}`);
      if (!(await happened(rename(path, aside), 'ENOENT'))) return false;
      const moved = await factsOf(aside);
      const isNewer = moved !== undefined && moved.mtimeMs >= thanMs;
      // Uploaded through another pod in between; if once more since, that one stays.
      if (isNewer) await happened(link(aside, path), 'EEXIST');
      await rm(aside, { force: true });
      return !isNewer;
    });
  }

  async has(sha256: string): Promise<boolean> {
    return (await factsOf(this.#pathOf(sha256)))?.isFile() === true;
  }

  /** @returns undefined when it is not here */
  async open(sha256: string): Promise<{ sizeBytes: number; bytes: Readable } | undefined> {
    const file = await open(this.#pathOf(sha256)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (file === undefined) return undefined;
    return { sizeBytes: (await file.stat()).size, bytes: file.createReadStream() };
  }

  #pathOf(sha256: string): string {
    return join(this.#directory, `${sha256}.zip`);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #receive(bytes: AsyncIterable<Uint8Array>, path: string): Promise<StoredPackage> {
    // Group-readable: the funclet may run as another user of the same group.
    const file = await open(path, 'wx', 0o640);
    try {
      const received = await this.#copy(bytes, file);
      await file.sync();
      return received;
    } finally {
      await file.close();
    }
  }

  async #copy(bytes: AsyncIterable<Uint8Array>, file: FileHandle): Promise<StoredPackage> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > this.#options.packageBytes) throw this.#tooLarge();
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    if (sizeBytes === 0) throw new ServiceError('INVALID_PACKAGE', 'The package is empty; send a zip.');
    return { sha256: hash.digest('hex'), sizeBytes };
  }

  async #inspect(path: string): Promise<{ unpackedBytes: number }> {
    while (this.#inspecting >= INSPECTIONS_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#inspecting += 1;
    try {
      const { inspector, limits } = this.#options;
      const signal = AbortSignal.timeout(INSPECTION_MS);
      return await (inspector === undefined ? inspectPackage(path, limits, signal) : inspector.inspect(path, limits, signal));
    } finally {
      this.#inspecting -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #assertSpace(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o770 });
    const { bavail, blocks, bsize } = await statfs(this.#directory);
    const freeBytes = bavail * bsize;
    const floorBytes = Math.min(blocks * bsize * FLOOR_SHARE, FLOOR_BYTES);
    if (freeBytes >= floorBytes) return;
    throw new ServiceError(
      'DISK_FULL',
      `The data disk has ${mib(freeBytes)} MiB free, uploads need ${mib(floorBytes)} MiB; free some space or enlarge it.`,
    );
  }

  async #sweep(): Promise<void> {
    const oldestMs = this.#options.clock.wallMs() - ABANDONED_MS;
    for (const name of await readdir(this.#directory)) {
      if (!TEMPORARY.test(name)) continue;
      const path = join(this.#directory, name);
      const facts = await factsOf(path);
      if (facts !== undefined && facts.mtimeMs < oldestMs) await rm(path, { force: true });
    }
  }

  #tooLarge(): ServiceError {
    return new ServiceError(
      'PACKAGE_TOO_LARGE',
      `The zip is over ${this.#options.packageBytes} bytes (${mib(this.#options.packageBytes)} MiB), the limit.`,
    );
  }
}

/** undefined when there is no such file. */
async function factsOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** @returns false when it failed for that reason alone */
async function happened(work: Promise<void>, otherwise: string): Promise<boolean> {
  return work.then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === otherwise) return false;
      throw error;
    },
  );
}

function asPackageFailure(error: unknown): unknown {
  if (error instanceof PackageError) return new ServiceError(error.code, error.message, { cause: error });
  if (typeof error !== 'object' || error === null) return error;
  const { code, name } = error as Partial<NodeJS.ErrnoException>;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ServiceError('DISK_FULL', 'The data disk is full; free some space or enlarge it.', { cause: error });
  }
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new ServiceError('INVALID_PACKAGE', 'The package takes too much memory to be checked; put fewer files into it.', {
      cause: error,
    });
  }
  if (name === 'TimeoutError' || name === 'AbortError') {
    return new ServiceError('INVALID_PACKAGE', `The package could not be checked within ${INSPECTION_MS / 1000} s; make it smaller.`, {
      cause: error,
    });
  }
  return error;
}

function mib(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}

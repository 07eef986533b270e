import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PackageError, extractPackage, type ExtractedFile, type ExtractedPackage, type PackageLimits } from '@easyfaas/code-package';
import { ServiceError } from '@easyfaas/service-kit';
import { describeExtracted, describeTree, hashFile, type CodeManifest } from './code-manifest';
import { mergeTree } from './merge-tree';
import { removeTree } from './remove-tree';

export interface CodeStoreOptions {
  /** `<dataDir>/code` and `<dataDir>/packages`, existing. */
  directory: string;
  packages: string;
  limits: PackageLimits;
}

const COMPLETE = '.complete';
const NEW = '.new';
const TEMPORARY = '.unpacking-';
const DISCARDED = '.discarded-';
const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Unpacked packages on disk: `code/<sha256>/`, each with its manifest `code/<sha256>.complete` beside it. A package is
 * published by a rename, then its manifest: it is there as a whole or not at all. Beside and not inside, so that
 * functions see their own files only.
 */
export class CodeStore {
  readonly #options: CodeStoreOptions;
  /** Names of directories being filled. */
  readonly #unpacking = new Set<string>();
  #discards = 0;

  constructor(options: CodeStoreOptions) {
    this.#options = options;
  }

  path(sha256: string): string {
    return join(this.#options.directory, sha256);
  }

  /** Whether its directory is there, as it should be or not. */
  has(sha256: string): boolean {
    return existsSync(this.path(sha256));
  }

  /** Packages that have a manifest. */
  list(): string[] {
    const names = readdirSync(this.#options.directory).filter((name) => name.endsWith(COMPLETE));
    return names.map((name) => name.slice(0, -COMPLETE.length)).filter((name) => SHA256.test(name));
  }

  /** @returns undefined when the package is not unpacked completely, or by a version with another format */
  readManifest(sha256: string): CodeManifest | undefined {
    let text: string;
    try {
      text = readFileSync(this.#manifestPath(sha256), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return this.has(sha256) ? parseManifest(text, sha256) : undefined;
  }

  /**
   * Checks the hash of each zip and unpacks them over each other, the first one first.
   * @param name of the directory to publish: {@link codeName}
   * @throws ServiceError PACKAGE_MISSING, CHECKSUM_MISMATCH, DISK_FULL, or the package's fault
   */
  async unpack(name: string, parts: readonly string[], signal: AbortSignal): Promise<CodeManifest> {
    const [first = name, ...later] = parts;
    const temporary = this.#makeTemporary();
    try {
      const extracted = await this.#extract(first, temporary, signal);
      const files = new Map(extracted.entries.map((file) => [file.path, file]));
      for (const sha256 of later) await this.#layOver(sha256, temporary, files, signal);
      chmodSync(temporary, 0o555);
      // A move changes a file's times: what was laid over each other is looked at anew.
      const manifest =
        later.length === 0 ? describeExtracted(temporary, name, extracted) : describeTree(temporary, name, [...files.values()]);
      renameSync(temporary, this.path(name));
      this.#writeManifest(manifest);
      return manifest;
    } finally {
      this.#removeTemporary(temporary);
    }
  }

  async #extract(sha256: string, target: string, signal: AbortSignal): Promise<ExtractedPackage> {
    const { packages, limits } = this.#options;
    const zipPath = join(packages, `${sha256}.zip`);
    await assertChecksum(zipPath, sha256, signal);
    try {
      return await extractPackage(zipPath, target, limits, signal);
    } catch (error) {
      throw translate(sha256, error);
    }
  }

  async #layOver(sha256: string, target: string, files: Map<string, ExtractedFile>, signal: AbortSignal): Promise<void> {
    const temporary = this.#makeTemporary();
    try {
      const { entries } = await this.#extract(sha256, temporary, signal);
      for (const path of mergeTree(temporary, target)) {
        for (const known of files.keys()) if (known === path || known.startsWith(`${path}/`)) files.delete(known);
      }
      for (const file of entries) files.set(file.path, file);
    } finally {
      this.#removeTemporary(temporary);
    }
  }

  #makeTemporary(): string {
    const { directory } = this.#options;
    const temporary = mkdtempSync(join(directory, TEMPORARY));
    this.#unpacking.add(temporary.slice(directory.length + 1));
    // mkdtemp makes it 0700. The rename stays in one directory, so it needs no write bit on this one.
    chmodSync(temporary, 0o755);
    return temporary;
  }

  /** Gone already where it was published. */
  #removeTemporary(temporary: string): void {
    removeTree(temporary);
    this.#unpacking.delete(temporary.slice(this.#options.directory.length + 1));
  }

  /** Takes a package away at once: it can be unpacked anew. Its files stay until {@link sweep} finds them unused. */
  discard(sha256: string): void {
    rmSync(this.#manifestPath(sha256), { force: true });
    if (!this.has(sha256)) return;
    this.#discards += 1;
    renameSync(this.path(sha256), join(this.#options.directory, `${DISCARDED}${process.pid}-${this.#discards}-${sha256.slice(0, 12)}`));
  }

  /** Removes half-unpacked and discarded packages. @param mounted names of directories that containers have mounted */
  sweep(mounted: ReadonlySet<string>): void {
    const { directory } = this.#options;
    for (const name of readdirSync(directory)) {
      const isRubbish = name.startsWith(DISCARDED) || name.startsWith(TEMPORARY) || name.endsWith(NEW);
      if (isRubbish && !mounted.has(name) && !this.#unpacking.has(name)) removeTree(join(directory, name));
    }
  }

  #writeManifest(manifest: CodeManifest): void {
    const path = this.#manifestPath(manifest.sha256);
    writeFileSync(`${path}${NEW}`, JSON.stringify(manifest), { mode: 0o600 });
    renameSync(`${path}${NEW}`, path);
  }

  #manifestPath(sha256: string): string {
    return join(this.#options.directory, `${sha256}${COMPLETE}`);
  }
}

function parseManifest(text: string, sha256: string): CodeManifest | undefined {
  let manifest: Partial<CodeManifest>;
  try {
    manifest = JSON.parse(text) as Partial<CodeManifest>;
  } catch (error) {
    // The host went down while it was written: as good as not there.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const isUsable = manifest.version === 1 && manifest.sha256 === sha256 && Array.isArray(manifest.items);
  return isUsable ? (manifest as CodeManifest) : undefined;
}

async function assertChecksum(zipPath: string, sha256: string, signal: AbortSignal): Promise<void> {
  let actual: string;
  try {
    actual = await hashFile(zipPath, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    const message = `Package ${sha256} is not in the package store; upload the function's code again.`;
    throw new ServiceError('PACKAGE_MISSING', message, { cause });
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

import type { PackageLimits } from './package-policy';
import { withZip } from './read-zip';

/**
 * Checks a whole package without writing anything: every name, and every file inflated with its bytes counted and its
 * CRC compared.
 * @returns the number of regular files and their bytes together
 * @throws PackageError
 */
export function inspectPackage(
  zipPath: string,
  limits: PackageLimits,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ files: number; unpackedBytes: number }> {
  return withZip(zipPath, limits, signal, async (zip) => {
    for (const entry of zip.entries) {
      if (entry.kind === 'file') await zip.unpack(entry, () => undefined);
    }
    return { files: zip.files, unpackedBytes: zip.unpackedBytes };
  });
}

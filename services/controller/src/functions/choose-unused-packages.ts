import type { PackageFile } from './package-store';

export interface SweepFacts {
  /** Everything in the package directory. */
  files: readonly PackageFile[];
  /** Of these, what a stored function refers to. */
  referenced: ReadonlySet<string>;
  /** Functions in the store, of all accounts. */
  functionCount: number;
  /** What was unused at the last look. */
  suspects: ReadonlySet<string>;
  nowMs: number;
}

export interface SweepChoice {
  remove: PackageFile[];
  /** For the next look. */
  suspects: Set<string>;
}

/** A function is stored soon after its package; an upload that takes longer than this is long over. */
export const UNUSED_AGE_MS = 60 * 60_000;

/**
 * Which packages may go: those that are old and were unused at two looks in a row. Between the looks, controllers whose cache
 * still has the function stop starting containers of it. Where there is no function at all nothing goes: an empty store
 * beside packages looks like a store that was lost, is being restored, or is another one than yesterday.
 */
export function chooseUnusedPackages({ files, referenced, functionCount, suspects, nowMs }: SweepFacts): SweepChoice {
  if (functionCount === 0) return { remove: [], suspects: new Set() };
  const unused = files.filter(({ sha256, modifiedMs }) => !referenced.has(sha256) && modifiedMs < nowMs - UNUSED_AGE_MS);
  return {
    remove: unused.filter(({ sha256 }) => suspects.has(sha256)),
    suspects: new Set(unused.map(({ sha256 }) => sha256)),
  };
}

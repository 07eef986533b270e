import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Absolute path of the repository's root. */
export const repositoryRoot = join(__dirname, '..', '..');

const SKIPPED = new Set(['node_modules', 'dist', '.git', 'bench-results', 'test-results']);

/** Paths of all files under a folder of the repository, relative to its root, sorted. */
export function filesUnder(folder: string): string[] {
  const out: string[] = [];
  const walk = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (SKIPPED.has(entry.name)) continue;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) out.push(relative(repositoryRoot, path));
    }
  };
  const start = join(repositoryRoot, folder);
  if (statSync(start, { throwIfNoEntry: false })?.isDirectory() === true) walk(start);
  return out.sort();
}

/** A file's text; `path` is relative to the repository's root. */
export function readRepositoryFile(path: string): string {
  return readFileSync(join(repositoryRoot, path), 'utf8');
}

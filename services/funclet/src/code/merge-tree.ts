import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from './remove-tree';

const DIRECTORY_MODE = 0o555;
/** While it is being changed. The owner may lack CAP_DAC_OVERRIDE and needs the write bit. */
const DIRECTORY_MODE_OPEN = 0o755;

/**
 * Moves what is in `source` into `target`, both unpacked packages on one file system. Directories of one path become one; of
 * anything else in the same place what was in `target` gives way.
 * @returns the paths in `target` that gave way
 */
export function mergeTree(source: string, target: string): string[] {
  const replaced: string[] = [];
  const walk = (path: string): void => {
    chmodSync(join(source, path), DIRECTORY_MODE_OPEN);
    chmodSync(join(target, path), DIRECTORY_MODE_OPEN);
    for (const entry of readdirSync(join(source, path), { withFileTypes: true })) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      const to = join(target, inner);
      const there = lstatSync(to, { throwIfNoEntry: false });
      if (there !== undefined && !(there.isDirectory() && entry.isDirectory())) {
        removeTree(to);
        replaced.push(inner);
      }
      if (!entry.isDirectory()) renameSync(join(source, inner), to);
      else {
        if (there?.isDirectory() !== true) mkdirSync(to);
        walk(inner);
      }
    }
    if (path !== '') chmodSync(join(target, path), DIRECTORY_MODE);
  };
  walk('');
  return replaced;
}

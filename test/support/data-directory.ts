import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serviceContainer } from './services';
import { docker, stack } from './stack';

const run = promisify(execFile);

/** Something in the data directory. */
export interface DataEntry {
  /** As find(1) prints it: f file, d directory, l link, s socket, p pipe. */
  type: string;
  /** Relative to the data directory. */
  path: string;
}

/**
 * Everything below some folders of the data directory, sorted by path.
 * @param folders relative to the data directory; `.` is the directory itself
 * @param depth how far down; everything by default
 */
export async function dataEntries(folders: readonly string[], depth = 64): Promise<DataEntry[]> {
  const where = folders.map((folder) => join(stack.dataDirectory, folder));
  const find = [...where, '-ignore_readdir_race', '-mindepth', '1', '-maxdepth', String(depth), '-printf', '%y %p\\n'];
  // The stores are closed to other users of the machine; the funclet's container sees them under the same path.
  const text =
    stack.project === '' ? (await run('find', find)).stdout : await docker('exec', await serviceContainer('funclet'), 'find', ...find);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ type: line.slice(0, 1), path: line.slice(2 + stack.dataDirectory.length + 1) }))
    .sort((a, b) => a.path.localeCompare(b.path));
}

import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const LOCK_FILE = 'controller.lock';
const FLOCK_MS = 5000;
/** What `flock -n` ends with when somebody else has the lock (util-linux and busybox). */
const TAKEN = 1;
/** Where the child finds the file: behind its standard streams. */
const CHILD_FD = 3;

export interface DirectoryHolder {
  dataDir: string;
  /** Written into the file, for whoever is refused. */
  listen: { host: string; port: number };
}

/**
 * Takes the data directory for this process until it ends, however it ends. Two controllers on one directory would both
 * listen on its containers' sockets, and each would destroy what the other starts.
 *
 * A lock of the kernel (flock(2)) cannot be left behind, unlike a file that says so. It belongs to the open file, which a
 * child shares: the program `flock` takes it for us, as Node has no call for it, and it stays when that program has ended.
 * @returns gives it back
 * @throws Error when another process has it, or it cannot be taken
 */
export function lockDataDirectory({ dataDir, listen }: DirectoryHolder): () => void {
  const holder = `pid ${process.pid} on ${hostname()}, address ${listen.host}:${listen.port}`;
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, LOCK_FILE);
  // Appending does not empty it: until it is ours, the holder's words stay.
  const file = openSync(path, 'a+', 0o640);
  try {
    takeLock(file, path);
    ftruncateSync(file);
    writeSync(file, `${holder}\n`);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return () => closeSync(file);
}

function takeLock(file: number, path: string): void {
  const { status, error, stderr } = spawnSync('flock', ['-n', String(CHILD_FD)], {
    stdio: ['ignore', 'ignore', 'pipe', file],
    timeout: FLOCK_MS,
    encoding: 'utf8',
  });
  if (status === 0) return;
  if (status === TAKEN && stderr === '') {
    const holder = readFileSync(path, 'utf8').trim();
    throw new Error(
      `Another controller uses this data directory (${holder === '' ? 'it says nothing about itself' : holder}; ${path} is locked). ` +
        'Stop it first, or give this one an EASYFAAS_DATA_DIR of its own.',
    );
  }
  const why = error?.message ?? `status ${status ?? 'none'}: ${stderr}`;
  throw new Error(`${path} cannot be locked (${why}); the program flock is needed, of the package util-linux.`, { cause: error });
}

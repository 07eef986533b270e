import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FuncletConfig } from './config';

/**
 * Creates the directories below the data directory with their modes. The group is this process's: in the compose file it
 * is the controller's too, which uploads packages, makes its sockets and writes its key; user 0 may give a file of its own to a
 * group of its own without any capability.
 */
export function makeDirectories({ dataDir, directories }: Pick<FuncletConfig, 'dataDir' | 'directories'>): void {
  make(dataDir, 0o775);
  make(directories.packages, 0o770);
  make(directories.run, 0o770);
  make(directories.containers, 0o755);
  make(directories.code, 0o755);
  make(directories.readOnlyCode, 0o755, { mayBeMounted: true });
}

function make(path: string, mode: number, { mayBeMounted = false } = {}): void {
  mkdirSync(path, { recursive: true });
  // Once the read-only view is mounted there its own mode is hidden, and cannot be changed.
  if (mayBeMounted) return;
  const userId = process.geteuid?.() ?? 0;
  // Somebody else's directory was set up by somebody else; without capabilities it could not be changed anyway.
  if (statSync(path).uid !== userId) return;
  chownSync(path, userId, process.getegid?.() ?? 0);
  chmodSync(path, mode);
}

/** Identity of this deployment on this host, made once. Containers carry it as a label. */
export function readInstanceId(dataDir: string, newId: () => string): string {
  const path = join(dataDir, 'instance-id');
  try {
    writeFileSync(path, `${newId()}\n`, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const id = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{8,64}$/.test(id)) throw new Error(`${path} does not hold an instance id; remove the file to have a new one made`);
  return id;
}

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { eventually } from './eventually';

type Docker = (...args: string[]) => string;

const REMOVED_WITHIN_MS = 30_000;

/** Docker's ids of the containers of one test run. */
export function dockerIds(docker: Docker, label: string): string[] {
  return docker('ps', '--all', '--quiet', '--no-trunc', '--filter', `label=easyfaas.test-run=${label}`).split('\n').filter(Boolean);
}

/**
 * Removes the containers of one test run. Docker may be at that already, as the funclet asked it before it ended, and refuses then to be asked
 * again: that is waited for.
 */
export function removeContainers(docker: Docker, label: string, withinMs = REMOVED_WITHIN_MS): Promise<void> {
  return eventually(
    () => {
      const ids = dockerIds(docker, label);
      if (ids.length > 0) docker('rm', '--force', '--volumes', ...ids);
    },
    withinMs,
    250,
  );
}

/** Removes a directory and what is mounted on it and below. */
export function removeDirectory(directory: string): void {
  const own = mounts().filter((path) => path === directory || path.startsWith(`${directory}/`));
  for (const path of own.sort((a, b) => b.length - a.length)) execFileSync('umount', ['-l', path]);
  rmSync(directory, { recursive: true, force: true });
}

/** Where something is mounted. */
export function mounts(): string[] {
  const rows = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return rows.map((line) => line.split(' ')[4] ?? '');
}

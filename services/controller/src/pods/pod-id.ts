import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const POD_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** What a pod's id may look like; for configuration. */
export const isPodId = (text: string): boolean => POD_ID.test(text);

/**
 * The identity of this pod among those that share a Redis: made once, kept in the data directory.
 * @param given EASYFAAS_POD_ID, instead of the one in the directory
 * @throws Error when the file holds something else
 */
export function readPodId(dataDir: string, given: string | undefined, newId: () => string): string {
  if (given !== undefined) return given;
  const path = join(dataDir, 'pod-id');
  try {
    writeFileSync(path, `${newId()}\n`, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const id = readFileSync(path, 'utf8').trim();
  if (!isPodId(id)) throw new Error(`${path} does not hold a pod id; remove the file to have a new one made.`);
  return id;
}

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { dataEntries } from './data-directory';
import { eventually } from './eventually';
import { docker, poolContainers, stack } from './stack';

/** What exists outside of the API's view, or is missing behind it. All empty when nothing was left behind. */
export interface Orphans {
  /** Docker containers of this stack that the pool does not know. */
  unknownContainers: string[];
  /** Containers of the pool that Docker does not run. */
  missingContainers: string[];
  strayDirectories: string[];
  strayMounts: string[];
}

/** Label that the funclet puts on the containers of one installation. */
const INSTANCE_LABEL = 'easyfaas.instance';

/** The installation's id, read from the label of one of its containers. */
export async function instanceId(): Promise<string> {
  return eventually(async () => {
    const dockerId = (await poolContainers()).find((each) => each.dockerId !== undefined)?.dockerId;
    if (dockerId === undefined) throw new Error('the pool has no container that Docker knows');
    const value = await docker('inspect', '--format', `{{index .Config.Labels "${INSTANCE_LABEL}"}}`, dockerId);
    if (value === '') throw new Error(`container ${dockerId} has no label ${INSTANCE_LABEL}`);
    return value;
  }, 30_000);
}

/** Compares Docker, the data directory and the mount table with `GET /v1/pool`. */
export async function findOrphans(instance: string): Promise<Orphans> {
  const pool = await poolContainers();
  const known = new Set(pool.map(({ containerId }) => containerId));
  const lines = await docker(
    'ps',
    '--all',
    '--filter',
    `label=${INSTANCE_LABEL}=${instance}`,
    '--format',
    '{{.Label "easyfaas.container"}} {{.State}}',
  );
  const containers = lines.split('\n').filter((line) => line !== '');
  const running = new Set(containers.filter((line) => /(running|paused)$/.test(line)).map((line) => line.split(' ')[0] ?? ''));
  const folder = join(stack.dataDirectory, 'containers');
  const directories = (await dataEntries(['containers'], 1)).map(({ path }) => basename(path));
  return {
    unknownContainers: containers.filter((line) => !known.has(line.split(' ')[0] ?? '')),
    missingContainers: [...known].filter((containerId) => !running.has(containerId)),
    strayDirectories: directories.filter((name) => !known.has(name)),
    strayMounts: mountPoints().filter((path) => path.startsWith(`${folder}/`) && !known.has(path.slice(folder.length).split('/')[1] ?? '')),
  };
}

const NONE: Orphans = { unknownContainers: [], missingContainers: [], strayDirectories: [], strayMounts: [] };

/**
 * Waits until Docker, disk and mounts are what the API says.
 * @throws the difference at the deadline; 15 s is what the installation promises after a crash
 */
export async function expectNoOrphans(instance: string, deadlineMs = 15_000): Promise<void> {
  await eventually(async () => expect(await findOrphans(instance)).toEqual(NONE), deadlineMs, 250);
}

/** Mount points that this process sees. */
function mountPoints(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
}

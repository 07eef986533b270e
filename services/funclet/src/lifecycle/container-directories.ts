import { chmodSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerViewSchema, parse } from '@easyfaas/contracts/schemas';
import type { ContainerRecord } from './container-record';
import type { RecordStore } from './container-registry';

export interface ContainerPaths {
  /** Everything of one container. */
  top: string;
  /** Mount point of the code, shown at /var/task. */
  task: string;
  /** Mount point of layers. */
  layers: string;
  /** The controller listens in it. */
  socket: string;
}

const CONTAINER_ID = /^[0-9a-f]{12}$/;
const STATE_FILE = 'state.json';
/** The controller, of our group, creates its socket; the function's user walks through. */
const SOCKET_MODE = 0o775;
const MOUNT_POINT_MODE = 0o755;
/** Holds the container's token. */
const STATE_MODE = 0o600;

/**
 * `containers/<id>/` on disk: mount points, the socket's directory, and the record. Labels cannot be changed, so what a
 * container was made into is kept here; a file is replaced as a whole, never half written.
 */
export class ContainerDirectories implements RecordStore {
  readonly #root: string;

  /** @param root `<dataDir>/containers`, existing */
  constructor(root: string) {
    this.#root = root;
  }

  paths(containerId: string): ContainerPaths {
    const top = join(this.#root, containerId);
    return { top, task: join(top, 'task'), layers: join(top, 'opt'), socket: join(top, 'sock') };
  }

  /** Makes the directories of a new container. @throws when they exist */
  make(containerId: string): ContainerPaths {
    const paths = this.paths(containerId);
    mkdirSync(paths.top, { mode: 0o755 });
    for (const [path, mode] of [
      [paths.task, MOUNT_POINT_MODE],
      [paths.layers, MOUNT_POINT_MODE],
      [paths.socket, SOCKET_MODE],
    ] as const) {
      mkdirSync(path);
      // Not by mkdir alone: the process's umask would take bits away.
      chmodSync(path, mode);
    }
    return paths;
  }

  /** Names in the directory that are container ids, ours or left over. */
  list(): string[] {
    return readdirSync(this.#root).filter((name) => CONTAINER_ID.test(name));
  }

  /**
   * Removes the directories. The mount points must be free: they are removed as empty directories, so that a code mount
   * that was overlooked makes this fail instead of losing files.
   */
  remove(containerId: string, { isLinked }: { isLinked: boolean }): void {
    const paths = this.paths(containerId);
    for (const path of [paths.task, paths.layers]) {
      if (isLinked) rmSync(path, { recursive: true, force: true });
      else removeEmpty(path);
    }
    rmSync(paths.top, { recursive: true, force: true });
  }

  save(record: ContainerRecord): void {
    const { top } = this.paths(record.view.containerId);
    const path = join(top, STATE_FILE);
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: STATE_MODE });
    renameSync(`${path}.new`, path);
  }

  /** @returns undefined when there is none; @throws when it is not a record */
  load(containerId: string): ContainerRecord | undefined {
    const text = unlessMissing(() => readFileSync(join(this.paths(containerId).top, STATE_FILE), 'utf8'));
    if (text === undefined) return undefined;
    const { view, operations, mountMode, codeSha256 } = JSON.parse(text) as ContainerRecord;
    const checked = parse(containerViewSchema, view);
    return { view: checked, operations: { ...operations }, mountMode, ...(codeSha256 === undefined ? {} : { codeSha256 }) };
  }
}

function removeEmpty(path: string): void {
  unlessMissing(() => rmdirSync(path));
}

function unlessMissing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

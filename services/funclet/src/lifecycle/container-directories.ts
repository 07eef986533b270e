import { chmodSync, closeSync, constants, mkdirSync, openSync, readFileSync, readdirSync, rmSync, rmdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { containerViewSchema, parse } from '@easyfaas/contracts/schemas';
import type { ContainerView } from '@easyfaas/contracts/wire';
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
/** Room for every member at its longest, each character escaped. */
const STATE_BYTES = 8192;
const SAVED_HISTORY = 3;
const SAVED_REASON = 100;

/**
 * `containers/<id>/` on disk: mount points, the socket's directory, and the record. Labels cannot be changed, so what a
 * container was made into is kept here.
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

  /**
   * Overwrites the record in place by one write of fixed size. Replacing the file by a rename costs 0.2 to 0.7 ms on ext4,
   * this 0.01, and it is on the path of a cold call. The page that holds a usual record is never written half when this
   * process is killed; a long one could be torn between its pages, cannot be read then, and its container is not adopted.
   */
  save(record: ContainerRecord): void {
    const path = join(this.paths(record.view.containerId).top, STATE_FILE);
    const text = JSON.stringify({ ...record, view: shortened(record.view) });
    const bytes = Buffer.alloc(STATE_BYTES, ' ');
    if (bytes.write(text) < Buffer.byteLength(text))
      throw new Error(`record of ${record.view.containerId} is longer than ${STATE_BYTES} bytes`);
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, STATE_MODE);
    try {
      writeSync(file, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(file);
    }
  }

  /** @returns undefined when there is none; @throws when it is not a record */
  load(containerId: string): ContainerRecord | undefined {
    const text = unlessMissing(() => readFileSync(join(this.paths(containerId).top, STATE_FILE), 'utf8'));
    if (text === undefined) return undefined;
    const saved = JSON.parse(text) as ContainerRecord & { codeSha256?: string };
    // An older funclet named directories after their packages.
    const { view, operations, mountMode, codeName = saved.codeSha256, layersName, pausedBy } = saved;
    const checked = parse(containerViewSchema, view);
    return {
      view: checked,
      operations: { ...operations },
      mountMode,
      ...(codeName === undefined ? {} : { codeName }),
      ...(layersName === undefined ? {} : { layersName }),
      ...(pausedBy === undefined ? {} : { pausedBy }),
    };
  }
}

/** Reasons are for people; after a restart the last few in short do. */
function shortened(view: ContainerView): ContainerView {
  const short = (reason: string): string => reason.slice(0, SAVED_REASON);
  const history = view.history.slice(-SAVED_HISTORY).map((step) => ({ ...step, reason: short(step.reason) }));
  return { ...view, reason: short(view.reason), history };
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

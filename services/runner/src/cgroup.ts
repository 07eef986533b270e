import { readFileSync } from 'node:fs';

/** Memory figures of this container's control group; members are absent where the kernel does not show them. */
export interface CgroupMemory {
  memoryBytes?: number;
  memoryPeakBytes?: number;
}

/** Text of a file of the hierarchy, by its path below the mount point; undefined when there is no such file. */
export type ReadCgroupFile = (file: string) => string | undefined;

/** Reads below a mount point such as `/sys/fs/cgroup`. */
export function cgroupFiles(mountPoint: string): ReadCgroupFile {
  return (file) => {
    try {
      return readFileSync(`${mountPoint}/${file}`, 'utf8');
    } catch {
      return undefined; // the other version of the hierarchy, or none at all
    }
  };
}

/** The container's own control group: version 1 (`memory/memory.*`) or 2 (`memory.*`). */
export class CgroupReader {
  readonly #read: ReadCgroupFile;

  constructor(read: ReadCgroupFile) {
    this.#read = read;
  }

  /** Processes of this container that the kernel's out-of-memory killer has ended so far; 0 where that cannot be read. */
  oomKills(): number {
    const text = this.#read('memory.events') ?? this.#read('memory/memory.oom_control') ?? '';
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  memory(): CgroupMemory {
    const current = bytes(this.#read('memory.current') ?? this.#read('memory/memory.usage_in_bytes'));
    const peak = bytes(this.#read('memory.peak') ?? this.#read('memory/memory.max_usage_in_bytes'));
    return {
      ...(current === undefined ? {} : { memoryBytes: current }),
      ...(peak === undefined ? {} : { memoryPeakBytes: peak }),
    };
  }
}

function bytes(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

import { readFileSync } from 'node:fs';

/** Memory figures of this container's control group; members are absent where the kernel does not show them. */
export interface CgroupMemory {
  memoryBytes?: number;
  memoryPeakBytes?: number;
}

/**
 * Reads the container's own control group: version 1 (`<root>/memory/memory.*`) or 2 (`<root>/memory.*`).
 * @param root where the hierarchy is mounted, `/sys/fs/cgroup`
 */
export class CgroupReader {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Processes of this container that the kernel's out-of-memory killer has ended so far; 0 where that cannot be read. */
  oomKills(): number {
    const text = this.#read('memory.events') ?? this.#read('memory/memory.oom_control') ?? '';
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  memory(): CgroupMemory {
    const current = Number(this.#read('memory.current') ?? this.#read('memory/memory.usage_in_bytes'));
    const peak = Number(this.#read('memory.peak') ?? this.#read('memory/memory.max_usage_in_bytes'));
    return {
      ...(Number.isSafeInteger(current) ? { memoryBytes: current } : {}),
      ...(Number.isSafeInteger(peak) ? { memoryPeakBytes: peak } : {}),
    };
  }

  #read(file: string): string | undefined {
    try {
      return readFileSync(`${this.#root}/${file}`, 'utf8');
    } catch {
      return undefined; // the other version of the hierarchy, or none at all
    }
  }
}

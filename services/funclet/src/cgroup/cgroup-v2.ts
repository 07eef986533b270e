import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { containerGroup, type CgroupDriver, type ContainerCgroups, type MemoryUsage } from './container-cgroups';

const FREEZE_POLL_MS = 1;

/** cgroup v2: one hierarchy. */
export class CgroupV2 implements ContainerCgroups {
  readonly version = 2;
  readonly #root: string;
  readonly #driver: CgroupDriver;

  constructor(root: string, driver: CgroupDriver) {
    this.#root = root;
    this.#driver = driver;
  }

  setMemory(dockerId: string, bytes: number): void {
    // Swap has a limit of its own here, not a sum.
    writeFileSync(this.#file(dockerId, 'memory.swap.max'), '0');
    writeFileSync(this.#file(dockerId, 'memory.max'), String(bytes));
  }

  memoryUsage(dockerId: string): MemoryUsage {
    const read = (name: string): string => readFileSync(this.#file(dockerId, name), 'utf8').trim();
    const limit = read('memory.max');
    const inactive = /^inactive_file (\d+)$/m.exec(read('memory.stat'))?.[1];
    return {
      limitBytes: limit === 'max' ? Number.POSITIVE_INFINITY : Number(limit),
      usageBytes: Number(read('memory.current')),
      reclaimableBytes: Number(inactive ?? 0),
    };
  }

  setCpuShares(dockerId: string, shares: number): void {
    writeFileSync(this.#file(dockerId, 'cpu.weight'), String(weightOf(shares)));
  }

  async freeze(dockerId: string, signal: AbortSignal): Promise<void> {
    writeFileSync(this.#file(dockerId, 'cgroup.freeze'), '1');
    while (!/^frozen 1$/m.test(readFileSync(this.#file(dockerId, 'cgroup.events'), 'utf8'))) {
      await delay(FREEZE_POLL_MS, undefined, { signal });
    }
  }

  thaw(dockerId: string): void {
    writeFileSync(this.#file(dockerId, 'cgroup.freeze'), '0');
  }

  #file(dockerId: string, name: string): string {
    return join(this.#root, containerGroup(this.#driver, dockerId), name);
  }
}

/** The scale 2..262144 of v1 onto 1..10000 of v2, as runc maps it, so that Docker's own update gives the same. */
export function weightOf(shares: number): number {
  return Math.trunc(1 + ((shares - 2) * 9999) / 262_142);
}

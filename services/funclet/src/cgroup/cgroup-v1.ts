import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { containerGroup, type CgroupDriver, type ContainerCgroups, type MemoryUsage } from './container-cgroups';

const FREEZE_POLL_MS = 1;

/** cgroup v1: one hierarchy per controller below the root. */
export class CgroupV1 implements ContainerCgroups {
  readonly version = 1;
  readonly #root: string;
  readonly #driver: CgroupDriver;
  /** Some systems mount cpu and cpuacct together. */
  readonly #cpu: string;

  constructor(root: string, driver: CgroupDriver) {
    this.#root = root;
    this.#driver = driver;
    this.#cpu = existsSync(join(root, 'cpu')) ? 'cpu' : 'cpu,cpuacct';
  }

  setMemory(dockerId: string, bytes: number): void {
    const limit = this.#file('memory', dockerId, 'memory.limit_in_bytes');
    const withSwap = this.#file('memory', dockerId, 'memory.memsw.limit_in_bytes');
    const text = String(bytes);
    const isRaise = bytes > Number(readFileSync(limit, 'utf8'));
    // The kernel refuses any moment at which memory alone is above memory with swap.
    const order = isRaise ? [withSwap, limit] : [limit, withSwap];
    for (const file of order) {
      // Kernels without swap accounting have no second file.
      if (file === limit || existsSync(file)) writeFileSync(file, text);
    }
  }

  memoryUsage(dockerId: string): MemoryUsage {
    const read = (name: string): string => readFileSync(this.#file('memory', dockerId, name), 'utf8');
    const inactive = /^total_inactive_file (\d+)$/m.exec(read('memory.stat'))?.[1];
    return {
      limitBytes: Number(read('memory.limit_in_bytes')),
      usageBytes: Number(read('memory.usage_in_bytes')),
      reclaimableBytes: Number(inactive ?? 0),
    };
  }

  setCpuShares(dockerId: string, shares: number): void {
    writeFileSync(this.#file(this.#cpu, dockerId, 'cpu.shares'), String(shares));
  }

  async freeze(dockerId: string, signal: AbortSignal): Promise<void> {
    const file = this.#file('freezer', dockerId, 'freezer.state');
    writeFileSync(file, 'FROZEN');
    while (readFileSync(file, 'utf8').trim() !== 'FROZEN') {
      await delay(FREEZE_POLL_MS, undefined, { signal });
      // A process that forked meanwhile is caught by writing again.
      writeFileSync(file, 'FROZEN');
    }
  }

  thaw(dockerId: string): void {
    writeFileSync(this.#file('freezer', dockerId, 'freezer.state'), 'THAWED');
  }

  #file(controller: string, dockerId: string, name: string): string {
    return join(this.#root, controller, containerGroup(this.#driver, dockerId), name);
  }
}

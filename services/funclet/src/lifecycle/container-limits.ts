import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@easyfaas/service-kit';
import type { ContainerCgroups } from '../cgroup/container-cgroups';
import type { ContainerEngine, CpuLimits } from '../engine/container-engine';
import { EngineError } from '../engine/engine-error';

/** Lambda gives one processor per 1769 MB. */
const MB_PER_CPU = 1769;
/** A whole processor on Docker's scale. */
const SHARES_PER_CPU = 1024;
const SHARES_MIN = 2;
const MIB = 1024 * 1024;
const UPDATE_TIMEOUT_MS = 10_000;
/** The engine is told a little later: its 25 ms of work would fall on the call that the limit was raised for. */
const TELL_AFTER_MS = 100;
const RETRY_MS = 250;
const TRIES_MAX = 5;

/** Processor weight in proportion to memory, as Lambda gives it. */
export function cpuLimits(memoryMb: number, quotaPerCpuShare: boolean): CpuLimits {
  const cpus = memoryMb / MB_PER_CPU;
  const shares = Math.max(SHARES_MIN, Math.round(cpus * SHARES_PER_CPU));
  // Docker refuses less than a hundredth of a processor.
  return quotaPerCpuShare ? { shares, quota: Math.max(0.01, Math.round(cpus * 100) / 100) } : { shares };
}

export interface ContainerLimitsOptions {
  engine: ContainerEngine;
  /** Absent: every change goes through the engine. */
  cgroups: ContainerCgroups | undefined;
  hasCpuQuota: boolean;
  logger: Logger;
}

/**
 * Changes limits of live containers. The control group is written first, which puts the limit in force at once; the
 * engine is told in the background, one update per container at a time, so that its record agrees soon.
 */
export class ContainerLimits {
  readonly #options: ContainerLimitsOptions;
  /** Limit that the engine has not been told of yet, by Docker id. */
  readonly #pending = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(options: ContainerLimitsOptions) {
    this.#options = options;
  }

  /** When it resolves the limit is in force. @throws EngineError when neither way worked */
  async set(dockerId: string, memoryMb: number, signal: AbortSignal): Promise<void> {
    const cpus = cpuLimits(memoryMb, this.#options.hasCpuQuota);
    if (this.#writeGroup(dockerId, memoryMb, cpus)) {
      this.#tellEngine(dockerId, memoryMb);
      return;
    }
    await this.settled(dockerId);
    await this.#options.engine.setLimits(dockerId, { memoryMb, cpus }, signal);
  }

  /** Resolves when no update of the engine's record is under way. Never rejects. */
  async settled(dockerId: string): Promise<void> {
    await this.#running.get(dockerId);
  }

  /** Tries again what the engine has refused before. */
  retry(): void {
    for (const [dockerId, memoryMb] of this.#pending) this.#tellEngine(dockerId, memoryMb);
  }

  /** Drops what the engine has not been told yet: the container is being removed. */
  forget(dockerId: string): void {
    this.#pending.delete(dockerId);
  }

  #writeGroup(dockerId: string, memoryMb: number, cpus: CpuLimits): boolean {
    const { cgroups, logger } = this.#options;
    if (cgroups === undefined) return false;
    try {
      cgroups.setMemory(dockerId, memoryMb * MIB);
      cgroups.setCpuShares(dockerId, cpus.shares);
      return true;
    } catch (error) {
      logger.warn('direct write of limits failed, asking the engine', { dockerId, memoryMb, error });
      return false;
    }
  }

  #tellEngine(dockerId: string, memoryMb: number): void {
    this.#pending.set(dockerId, memoryMb);
    if (this.#running.has(dockerId)) return;
    const running = this.#drain(dockerId).finally(() => this.#running.delete(dockerId));
    this.#running.set(dockerId, running);
  }

  /** Tells the engine the newest limit until there is none newer. Gives up after some tries; the reaper has it tried again. */
  async #drain(dockerId: string): Promise<void> {
    const { engine, hasCpuQuota, logger } = this.#options;
    let tries = 0;
    await delay(TELL_AFTER_MS, undefined, { ref: false });
    for (let memoryMb = this.#pending.get(dockerId); memoryMb !== undefined; memoryMb = this.#pending.get(dockerId)) {
      const cpus = cpuLimits(memoryMb, hasCpuQuota);
      try {
        await engine.setLimits(dockerId, { memoryMb, cpus }, AbortSignal.timeout(UPDATE_TIMEOUT_MS));
        if (this.#pending.get(dockerId) === memoryMb) this.#pending.delete(dockerId);
      } catch (error) {
        tries += 1;
        // Forgotten meanwhile: the container is being removed, and the engine's complaint about it is no news.
        if (!this.#pending.has(dockerId)) return;
        const isGone = error instanceof EngineError && error.kind === 'notFound';
        if (!isGone) logger.warn('the engine did not take a limit', { dockerId, memoryMb, tries, error });
        if (isGone) this.#pending.delete(dockerId);
        if (isGone || tries >= TRIES_MAX) return;
        await delay(RETRY_MS * tries, undefined, { ref: false });
      }
    }
  }
}

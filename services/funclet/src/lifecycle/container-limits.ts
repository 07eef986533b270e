import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@easyfaas/service-kit';
import type { ContainerCgroups } from '../cgroup/container-cgroups';
import type { ContainerEngine, CpuLimits } from '../engine/container-engine';
import { MB_PER_CPU, hundredthsOf } from '../capacity/cpu-share';
import { EngineError } from '../engine/engine-error';

/** A whole processor on Docker's scale. */
const SHARES_PER_CPU = 1024;
const SHARES_MIN = 2;
const MIB = 1024 * 1024;
const UPDATE_TIMEOUT_MS = 10_000;
/** The engine is told a little later: its 25 ms of work would fall on the call that the limit was raised for. */
const TELL_AFTER_MS = 100;
/** And not while it makes a container, which its work on the record would hold up by as much; at most so much later, looked at so often. */
const PUT_OFF_MAX_MS = 2_000;
const PUT_OFF_MS = 50;
const RETRY_MS = 250;
const TRIES_MAX = 5;

/**
 * Processor weight in proportion to memory, as Lambda gives it, and a quota of as much.
 * @param quotaMaxCpus the most that one container has; undefined: weights only
 */
export function cpuLimits(memoryMb: number, quotaMaxCpus: number | undefined): CpuLimits {
  const cpus = memoryMb / MB_PER_CPU;
  const shares = Math.max(SHARES_MIN, Math.round(cpus * SHARES_PER_CPU));
  return quotaMaxCpus === undefined ? { shares } : { shares, quota: Math.min(hundredthsOf(memoryMb) / 100, quotaMaxCpus) };
}

export interface ContainerLimitsOptions {
  engine: Pick<ContainerEngine, 'setLimits'>;
  /** Absent: every change goes through the engine. */
  cgroups: Pick<ContainerCgroups, 'setMemory' | 'setCpuShares'> | undefined;
  /** Processors, the most that a quota says: Docker refuses more than there are. undefined: no quotas. */
  cpuQuotaMax: number | undefined;
  /** Whether containers are being made. */
  isMaking: () => boolean;
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
  /** What the engine is at work on: it writes the control group itself. They never reject. */
  readonly #telling = new Map<string, Promise<unknown>>();

  constructor(options: ContainerLimitsOptions) {
    this.#options = options;
  }

  /** When it resolves the limit is in force. @throws EngineError when neither way worked */
  async set(dockerId: string, memoryMb: number, signal: AbortSignal): Promise<void> {
    const cpus = cpuLimits(memoryMb, this.#options.cpuQuotaMax);
    // The limit of before that the engine is being told would overwrite this one.
    await this.#telling.get(dockerId);
    signal.throwIfAborted();
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
    this.#running.set(dockerId, this.#drain(dockerId));
  }

  /** Tells the engine the newest limit until there is none newer. Gives up after some tries; the reaper has it tried again. */
  async #drain(dockerId: string): Promise<void> {
    let tries = 0;
    await delay(TELL_AFTER_MS, undefined, { ref: false });
    for (let lateMs = 0; lateMs < PUT_OFF_MAX_MS && this.#options.isMaking(); lateMs += PUT_OFF_MS)
      await delay(PUT_OFF_MS, undefined, { ref: false });
    try {
      while (tries < TRIES_MAX && this.#pending.has(dockerId)) {
        if (tries > 0) await delay(RETRY_MS * tries, undefined, { ref: false });
        if (!(await this.#tell(dockerId, tries + 1))) tries += 1;
      }
    } finally {
      // In the same step as the last look at what is pending: who comes later starts anew.
      this.#running.delete(dockerId);
    }
  }

  /** One try with the newest limit. @returns whether the engine has answered, or knows no such container */
  async #tell(dockerId: string, tries: number): Promise<boolean> {
    const { engine, cpuQuotaMax, logger } = this.#options;
    const memoryMb = this.#pending.get(dockerId);
    if (memoryMb === undefined) return true;
    const limits = { memoryMb, cpus: cpuLimits(memoryMb, cpuQuotaMax) };
    const telling = engine.setLimits(dockerId, limits, AbortSignal.timeout(UPDATE_TIMEOUT_MS)).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    this.#telling.set(dockerId, telling);
    const failure = await telling;
    this.#telling.delete(dockerId);
    const isGone = failure?.error instanceof EngineError && failure.error.kind === 'notFound';
    if (failure === undefined || isGone) {
      if (this.#pending.get(dockerId) === memoryMb) this.#pending.delete(dockerId);
      return true;
    }
    // Forgotten meanwhile: the container is being removed, and the engine's complaint about it is no news.
    if (this.#pending.has(dockerId)) logger.warn('the engine did not take a limit', { dockerId, memoryMb, tries, error: failure.error });
    return false;
  }
}

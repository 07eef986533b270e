import { type Clock, type Logger, type ServiceError, asServiceError } from '@easyfaas/service-kit';
import type { FuncletClient } from '../clients/funclet-client';
import type { PoolContainer } from './container';
import type { ContainerResets } from './container-resets';
import type { FunctionPool } from './function-pool';
import type { PoolView } from './pool-view';
import { warmUpsWanted } from './warm-ups-wanted';

export interface PausesDeps {
  clock: Clock;
  logger: Logger;
  funclet: Pick<FuncletClient, 'pause' | 'resume'>;
  view: Pick<PoolView, 'values'>;
  resets: Pick<ContainerResets, 'reset'>;
  /** Nothing is frozen while nobody could thaw it. */
  isFuncletThere: () => boolean;
  /** The container takes calls again. */
  onResumed: (container: PoolContainer) => void;
  /** Idle time after which a container is frozen, ms; Infinity: never. */
  pauseAfterMs: number;
  /** Whether those that are kept warm on purpose are frozen, too. */
  pausesProvisioned: boolean;
}

const TICK_MS_MIN = 25;
const TICK_MS_MAX = 1000;
/** A thaw that failed because the funclet was away is tried again after this time. */
const RETRY_MS = 200;
/** A container that could not be frozen is left in peace for this time. */
const REFUSED_MS = 60_000;
/** First guess of what a thaw takes, for the decision how many are worth it. */
const RESUME_MS = 2;

/** Freezes containers that are idle, so that what a function leaves running stops; thaws them for calls. */
export class Pauses {
  readonly #deps: PausesDeps;
  /** Requests to freeze that are under way, by container id; a thaw waits for them. They never reject. */
  readonly #freezing = new Map<string, Promise<void>>();
  #cancelTick: (() => void) | undefined;
  #isStopped = false;

  constructor(deps: PausesDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { pauseAfterMs, clock } = this.#deps;
    const tickMs = Math.min(TICK_MS_MAX, Math.max(TICK_MS_MIN, pauseAfterMs / 4));
    this.#cancelTick = clock.after(tickMs, () => {
      if (this.#isStopped) return;
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTick?.();
  }

  /** Thaws as many of the function's frozen containers as its line is worth, the most recently used first. */
  resumeFor(pool: FunctionPool): void {
    if (pool.line.length === 0) return;
    const frozen = [...pool.containers].filter(({ phase, isComingBack }) => phase === 'paused' && !isComingBack);
    if (frozen.length === 0) return;
    const nowMs = this.#deps.clock.monotonicMs();
    const wanted = warmUpsWanted({
      waiting: pool.line.length,
      concurrency: pool.concurrency,
      inProgress: pool.warmingUp + pool.comingBack,
      warmSlots: pool.warm * pool.concurrency,
      meanCallMs: pool.meanCallMs,
      warmUpMs: RESUME_MS,
      oldestWaitMs: nowMs - (pool.line.first()?.waitingSinceMs ?? nowMs),
    });
    frozen.sort((a, b) => b.lastUsedMs - a.lastUsedMs);
    for (const container of frozen.slice(0, wanted)) void this.#resume(container, pool, 'a call came');
  }

  /** Thaws one whatever its function's line; for the operator. */
  async resume(container: PoolContainer, reason: string): Promise<void> {
    const pool = container.functionPool;
    if (container.phase === 'paused' && !container.isComingBack && pool !== undefined) await this.#resume(container, pool, reason);
  }

  #look(): void {
    if (!this.#deps.isFuncletThere()) return;
    for (const container of this.#deps.view.values()) {
      if (this.#isDue(container)) this.#pause(container);
      // Its processes cannot dial in to a controller that was restarted while they stand still.
      else if (container.phase === 'attaching' && container.view.state === 'paused') void this.#resumeFound(container);
    }
  }

  #isDue(container: PoolContainer): boolean {
    const { clock, pauseAfterMs, pausesProvisioned } = this.#deps;
    const { phase, isHeld, isIdle, view, functionPool: pool } = container;
    if (phase !== 'warm' || isHeld || !isIdle || view.state !== 'warm' || pool === undefined) return false;
    if (pool.isRetired || pool.line.length > 0 || (pool.provisioned > 0 && !pausesProvisioned)) return false;
    const nowMs = clock.monotonicMs();
    const idleSinceMs = Math.max(container.lastUsedMs, container.phaseSinceMs);
    return nowMs >= container.mayPauseAtMs && nowMs - idleSinceMs >= pauseAfterMs;
  }

  #pause(container: PoolContainer): void {
    const { containerId } = container;
    container.moveTo('paused');
    container.functionPool?.noteSlots(container);
    container.connection.runner?.forgetSilence();
    const work = this.#freeze(container).finally(() => this.#freezing.delete(containerId));
    this.#freezing.set(containerId, work);
  }

  async #freeze(container: PoolContainer): Promise<void> {
    const { funclet, logger, clock } = this.#deps;
    const { containerId, functionPool: pool } = container;
    try {
      await funclet.pause(containerId, 'idle');
    } catch (thrown) {
      const error = asServiceError(thrown);
      logger.warn('container was not frozen', { containerId, error });
      container.mayPauseAtMs = clock.monotonicMs() + REFUSED_MS;
      if (container.phase !== 'paused' || container.isComingBack || pool === undefined) return;
      // Refused, it runs on. Unanswered, it may stand still: thawing is right either way.
      if (isUnanswered(error)) void this.#resume(container, pool, 'it is not known whether it was frozen');
      else this.#comeBack(container);
    }
  }

  async #resume(container: PoolContainer, pool: FunctionPool, reason: string): Promise<void> {
    container.isComingBack = true;
    pool.comingBack++;
    await this.#freezing.get(container.containerId);
    await this.#thaw(container, reason);
    container.isComingBack = false;
    pool.comingBack--;
    if (container.phase === 'paused') this.#comeBack(container);
  }

  /** Resolves when it runs, or was given up. */
  async #thaw(container: PoolContainer, reason: string): Promise<void> {
    const { funclet, resets, clock, logger } = this.#deps;
    const { containerId } = container;
    while (container.phase === 'paused' && !this.#isStopped) {
      try {
        return await funclet.resume(containerId, reason);
      } catch (thrown) {
        const error = asServiceError(thrown);
        // It runs already.
        if (error.code === 'ILLEGAL_TRANSITION' && error.details?.['from'] === 'warm') return;
        logger.warn('container was not thawed', { containerId, error });
        if (!isUnanswered(error)) return resets.reset(container, `it could not be thawed: ${error.code}`);
      }
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
  }

  #comeBack(container: PoolContainer): void {
    container.moveTo('warm');
    container.connection.runner?.forgetSilence();
    this.#deps.onResumed(container);
  }

  async #resumeFound(container: PoolContainer): Promise<void> {
    if (container.isComingBack) return;
    container.isComingBack = true;
    try {
      await this.#deps.funclet.resume(container.containerId, 'found paused after a restart of the controller');
    } catch (error) {
      this.#deps.logger.warn('container was not thawed', { containerId: container.containerId, error });
    }
    container.isComingBack = false;
  }
}

function isUnanswered({ code }: ServiceError): boolean {
  return code === 'FUNCLET_UNAVAILABLE' || code === 'DEADLINE_EXCEEDED';
}

import { type Clock, type Logger, type ServiceError, asServiceError } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { FuncletClient } from '../clients/funclet-client';
import type { Call } from '../invoke/call';
import type { DeadlineSweep } from '../invoke/deadline-sweep';
import type { Dispatcher } from '../invoke/dispatcher';
import { initHeader } from '../invoke/invoke-frame';
import type { FunctionErrorOutcome, Outcome } from '../invoke/outcome';
import { coldReason } from './cold-reason';
import type { PoolContainer } from './container';
import type { ContainerResets } from './container-resets';
import type { FunctionPool } from './function-pool';
import { lacksCpu, missingMb } from './missing-mb';
import type { PoolView } from './pool-view';
import { noteStartFailure } from './start-circuit';
import { warmUpsWanted } from './warm-ups-wanted';

export interface WarmUpsDeps {
  clock: Clock;
  logger: Logger;
  sweep: DeadlineSweep;
  funclet: Pick<FuncletClient, 'warmUp' | 'loaded'>;
  view: Pick<PoolView, 'chooseCold'>;
  resets: ContainerResets;
  dispatcher: Pick<Dispatcher, 'feed' | 'failLine' | 'settle'>;
  /** Why the function gets no container, ever. */
  refusal: (pool: FunctionPool) => ServiceError | undefined;
  /** Calls wait and there is no cold container, or no memory for one: room or containers have to be made. */
  onShortage: () => void;
  /** Frozen containers of the function are thawed before cold ones are used up. */
  resumePaused: (pool: FunctionPool) => void;
  /** A container has loaded its code. */
  onWarm: (container: PoolContainer) => void;
  /** A cold container is being used up. */
  onStart: (pool: FunctionPool) => void;
  /** What a function's secrets are. @throws ServiceError SECRET_UNREADABLE */
  secretsOf: (stored: StoredFunction) => Record<string, string>;
  /** Where the code of a container is, as the runtime process inside sees it. */
  taskRoot: (containerId: string) => string;
}

/** INIT's own limit, as AWS Lambda's. The time-out of the first calls starts when it is done. */
export const INIT_LIMIT_MS = 10_000;
/** A failed start is answered from memory for so long, so that a client in a loop does not wear out the pool. */
const START_FAILURE_MS = 5000;
/** First guess of what a warm-up takes, until some were measured. */
const WARM_UP_MS = 8;
/** While there is no cold container it is looked so often whether one is to be made, or given up by somebody. */
const SHORTAGE_MS = 50;
const BACK_OFF_MS = 100;
const BACK_OFF_MAX_MS = 5000;

/** Turns cold containers into warm ones for the calls that wait: at most as many at a time as the line needs. */
export class WarmUps {
  readonly #deps: WarmUpsDeps;
  #meanMs = WARM_UP_MS;
  #nextShortageMs = 0;

  constructor(deps: WarmUpsDeps) {
    this.#deps = deps;
  }

  /** Starts what is wanted and possible now. Called when a call joins a line, or a container of the function is lost. */
  consider(pool: FunctionPool): void {
    const error = this.#deps.refusal(pool);
    if (error !== undefined) return this.#deps.dispatcher.failLine(pool, () => ({ kind: 'platform-error', error }));
    this.#deps.resumePaused(pool);
    let wanted = this.wanted(pool);
    const nowMs = this.#deps.clock.monotonicMs();
    if (wanted > 0 && nowMs < pool.retryAtMs) return this.#recheckAfter(pool, pool.retryAtMs - nowMs);
    for (; wanted > 0; wanted--) if (!this.start(pool)) return this.#recheckAfter(pool, SHORTAGE_MS);
    // The line may still empty itself; if it does not, a container is worth its while after all.
    if (pool.line.length > 0) this.#recheckAfter(pool, this.#meanMs);
  }

  /** Starts one warm-up, if there is a cold container for it. @returns whether there was */
  start(pool: FunctionPool): boolean {
    if (this.#deps.clock.monotonicMs() < pool.retryAtMs) return false;
    const container = this.#deps.view.chooseCold(pool.wish);
    if (container !== undefined) {
      void this.#warmUp(container, pool);
      return true;
    }
    pool.foundPoolEmpty = true;
    this.#noteShortage();
    return false;
  }

  /** Warm-ups that the pool's line justifies now, beyond those under way. */
  wanted(pool: FunctionPool): number {
    const waiting = pool.line.length;
    if (waiting === 0) return 0;
    const nowMs = this.#deps.clock.monotonicMs();
    const { concurrency } = pool;
    // Half open: one attempt shows whether it works again.
    if (pool.circuit.isTripped) return pool.warmingUp > 0 ? 0 : 1;
    return warmUpsWanted({
      waiting,
      concurrency,
      inProgress: pool.warmingUp + pool.comingBack,
      warmSlots: pool.warm * concurrency,
      meanCallMs: pool.meanCallMs,
      warmUpMs: this.#meanMs,
      oldestWaitMs: nowMs - (pool.line.first()?.waitingSinceMs ?? nowMs),
    });
  }

  onInitDone(container: PoolContainer, initMs: number): void {
    const pool = container.functionPool;
    if (container.phase !== 'loading' || pool === undefined) {
      this.#deps.resets.reset(container, 'INIT_DONE without INIT');
      return;
    }
    container.moveTo('warm');
    container.deadlineMs = Infinity;
    container.initMs = initMs;
    pool.warmingUp--;
    pool.failures = 0;
    pool.circuit.noteSuccess();
    pool.lastFailure = undefined;
    pool.startFailure = undefined;
    pool.startProblem = undefined;
    const nowMs = this.#deps.clock.monotonicMs();
    container.loadedAtMs = nowMs;
    container.connection.runtime?.calls.forEach((call) => {
      call.initMs = initMs;
      call.deadlineMs = nowMs + call.timeoutMs;
    });
    this.#deps.dispatcher.feed(container);
    this.reportLoaded(container);
    this.#deps.onWarm(container);
  }

  /** INIT ended badly: that is the answer of everyone who waited for it. */
  onInitFailed(container: PoolContainer, reason: string, outcomeOf: (call: Call) => FunctionErrorOutcome): void {
    const { dispatcher, resets, clock } = this.#deps;
    const pool = container.functionPool;
    const calls = container.connection.runtime?.calls.takeAll() ?? [];
    if (pool !== undefined) {
      pool.startFailure = { outcomeOf, untilMs: clock.monotonicMs() + START_FAILURE_MS };
      pool.startProblem = reason;
    }
    for (const call of calls) dispatcher.settle(call, outcomeOf(call));
    if (pool !== undefined && pool.containers.size <= 1) dispatcher.failLine(pool, outcomeOf);
    resets.reset(container, reason);
  }

  /** Tells the funclet that the container is warm; off the path of the call. The reconciler repeats it if it was not heard. */
  reportLoaded(container: PoolContainer): void {
    const { funclet, logger } = this.#deps;
    const { containerId } = container;
    setImmediate(() => {
      if (container.phase !== 'warm' && container.phase !== 'draining') return;
      funclet.loaded(containerId, 'INIT done').catch((error: unknown) => logger.warn('loaded was not heard', { containerId, error }));
    });
  }

  async #warmUp(container: PoolContainer, pool: FunctionPool): Promise<void> {
    const { clock, funclet, logger } = this.#deps;
    const reason = coldReason({ warm: pool.warm, wasPoolEmpty: pool.foundPoolEmpty, lastEnd: pool.share.lastEnd });
    const startedAtMs = clock.monotonicMs();
    container.moveTo('warming');
    container.functionPool = pool;
    pool.containers.add(container);
    pool.warmingUp++;
    pool.missingMb = 0;
    this.#deps.onStart(pool);
    const { stored } = pool;
    let secrets: Record<string, string>;
    let header: string;
    try {
      secrets = this.#deps.secretsOf(stored);
      const warmedUp = funclet.warmUp(container.containerId, warmUpWish(stored, reason));
      // While the funclet works.
      header = this.#initHeader(stored, container, secrets);
      await warmedUp;
    } catch (error) {
      logger.warn('warm-up failed', { containerId: container.containerId, functionName: pool.stored.configuration.FunctionName, error });
      this.#onWarmUpFailed(container, pool, asServiceError(error));
      return;
    }
    // Lost, or its function deleted, while the funclet worked.
    if (container.phase !== 'warming') return;
    container.warmUpMs = clock.monotonicMs() - startedAtMs;
    this.#meanMs += (container.warmUpMs - this.#meanMs) / 8;
    pool.foundPoolEmpty = false;
    // Its memory may have been changed meanwhile.
    if (pool.stored !== stored) header = this.#initHeader(pool.stored, container, secrets);
    this.#load(container, pool, reason, header);
  }

  #initHeader(stored: StoredFunction, { containerId }: PoolContainer, secrets: Record<string, string>): string {
    return JSON.stringify(initHeader(stored, this.#deps.taskRoot(containerId), secrets));
  }

  #load(container: PoolContainer, pool: FunctionPool, reason: ReturnType<typeof coldReason>, header: string): void {
    const { dispatcher, sweep, clock } = this.#deps;
    const { runtime } = container.connection;
    if (runtime === undefined) throw new Error(`container ${container.containerId} is cold without a runtime`);
    container.moveTo('loading');
    container.concurrency = pool.concurrency;
    runtime.sendInit(header);
    dispatcher.feed(container, reason);
    runtime.flush();
    container.deadlineMs = clock.monotonicMs() + INIT_LIMIT_MS;
    sweep.wake();
  }

  #onWarmUpFailed(container: PoolContainer, pool: FunctionPool, error: ServiceError): void {
    const { resets, dispatcher, onShortage, clock } = this.#deps;
    pool.lastFailure = error;
    pool.retryAtMs = clock.monotonicMs() + Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** pool.failures);
    pool.failures++;
    // Refused before anything was done to it (the ledger comes first): it is as cold as before.
    if (error.code === 'CAPACITY_EXCEEDED' && container.phase === 'warming') this.#giveBack(container, pool);
    else resets.reset(container, `warm-up failed: ${error.code}`);
    // Nothing will be different in a second: nobody is made to wait for it.
    if (!error.definition.retryable) {
      const outcomeOf = (): Outcome => ({ kind: 'platform-error', error });
      pool.startFailure = { outcomeOf, untilMs: clock.monotonicMs() + START_FAILURE_MS };
      dispatcher.failLine(pool, outcomeOf);
      return;
    }
    if (noteStartFailure(pool, error, clock.monotonicMs())) {
      dispatcher.failLine(pool, (call) => pool.startFailure?.outcomeOf(call) ?? { kind: 'platform-error', error });
      return;
    }
    if (error.code === 'CAPACITY_EXCEEDED') {
      pool.missingMb = missingMb(error) ?? pool.stored.configuration.MemorySize;
      pool.lacksCpu = lacksCpu(error);
      onShortage();
    }
    this.#recheckAfter(pool, pool.retryAtMs - clock.monotonicMs());
  }

  #giveBack(container: PoolContainer, pool: FunctionPool): void {
    container.moveTo('cold');
    container.functionPool = undefined;
    pool.containers.delete(container);
    pool.warmingUp--;
  }

  /** At once, and then not more often than is useful: in an overload every call that joins a line finds a shortage. */
  #noteShortage(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs < this.#nextShortageMs) return;
    this.#nextShortageMs = nowMs + SHORTAGE_MS;
    this.#deps.onShortage();
  }

  #recheckAfter(pool: FunctionPool, delayMs: number): void {
    if (pool.isRecheckPlanned) return;
    pool.isRecheckPlanned = true;
    this.#deps.clock.after(delayMs, () => {
      pool.isRecheckPlanned = false;
      if (pool.line.length > 0) this.consider(pool);
    });
  }
}

function warmUpWish(
  { accountId, configuration, code, layers = [] }: StoredFunction,
  reason: string,
): Parameters<FuncletClient['warmUp']>[1] {
  const { FunctionName, Version, CommitId, MemorySize } = configuration;
  return {
    assignment: { accountId, functionName: FunctionName, version: Version, commitId: CommitId },
    memoryMb: MemorySize,
    codeSha256: code.sha256,
    ...(layers.length === 0 ? {} : { layerSha256s: layers.map(({ sha256 }) => sha256) }),
    reason,
  };
}

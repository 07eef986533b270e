import type { Clock, Logger } from '@easyfaas/service-kit';
import type { AsyncMetrics } from './async-metrics';
import type { EventRunner, RunReport } from './event-runner';
import { EventStop } from './event-stop';
import type { FunctionLane } from './function-lane';
import { LockRenewal } from './lock-renewal';
import type { RedisEventQueues } from './redis-event-queues';
import type { TakenEvent } from './redis-event-store';

export interface RunningEventsDeps {
  clock: Clock;
  logger: Logger;
  queues: Pick<RedisEventQueues, 'renew'>;
  runner: Pick<EventRunner, 'run'>;
  metrics: AsyncMetrics;
}

/** What whoever started an event is told of it, in this order; the first and the last of each. */
export interface RunListener {
  /** The function has ended; what follows is writing down. */
  onRan: (lane: FunctionLane, report: RunReport) => void;
  /** It is to be run again. @param dueMs milliseconds since the epoch */
  onPostponed: (lane: FunctionLane, dueMs: number) => void;
  /** Its end could not be written. */
  onFailed: (lane: FunctionLane) => void;
  onGone: (taken: TakenEvent) => void;
}

interface Running extends TakenEvent {
  stop: EventStop;
}

const NOTHING_SAID: RunReport = { hasRoom: true, pauseMs: 0 };

/** The events that are run here, each until its end is written; holds on to them meanwhile. */
export class RunningEvents {
  readonly #deps: RunningEventsDeps;
  readonly #listener: RunListener;
  readonly #running = new Map<string, Running>();
  readonly #renewal: LockRenewal;

  constructor(deps: RunningEventsDeps, listener: RunListener) {
    this.#deps = deps;
    this.#listener = listener;
    this.#renewal = new LockRenewal(deps, () => this.#running.values());
    deps.metrics.countRunning(() => this.#running.size);
  }

  get size(): number {
    return this.#running.size;
  }

  start(): void {
    this.#renewal.start();
  }

  stop(): void {
    this.#renewal.stop();
  }

  /** @returns whether it runs here */
  cancel(accountId: string, requestId: string): boolean {
    const running = this.#running.get(`${accountId}:${requestId}`);
    running?.stop.stop('cancel');
    return running !== undefined;
  }

  /** Asks all to end, and hands them back. */
  handBack(): void {
    for (const { stop } of this.#running.values()) stop.stop('drain');
  }

  /** Never rejects: the lock of one that fails runs out, and another worker, or this one, takes it again. */
  async run(lane: FunctionLane, taken: TakenEvent): Promise<void> {
    const { functionName, requestId } = taken;
    const listener = this.#listener;
    const key = `${taken.accountId}:${requestId}`;
    const stop = new EventStop();
    let hasRan = false;
    const onRan = (report: RunReport): void => {
      if (hasRan) return;
      hasRan = true;
      listener.onRan(lane, report);
    };
    const running = { ...taken, stop };
    this.#running.set(key, running);
    try {
      const dueMs = await this.#deps.runner.run(taken, stop, onRan);
      if (dueMs !== undefined) listener.onPostponed(lane, dueMs);
    } catch (error) {
      this.#deps.logger.warn('an event could not be carried to its end here', { functionName, requestId, error });
      listener.onFailed(lane);
    }
    onRan(NOTHING_SAID);
    // One whose lock was lost may have been taken here again meanwhile: that run still needs its lock.
    if (this.#running.get(key) === running) this.#running.delete(key);
    listener.onGone(taken);
  }
}

import type { Clock, Logger } from '@easyfaas/service-kit';
import type { AsyncMetrics } from './async-metrics';
import type { EventRunner } from './event-runner';
import { type FunctionLane, newLane, noteRoom, noteShortage, pickLane } from './function-lane';
import { LOCK_MS, type RedisEventQueues, type TakenEvent } from './redis-event-queues';

export interface EventConsumerDeps {
  clock: Clock;
  logger: Logger;
  queues: RedisEventQueues;
  runner: EventRunner;
  metrics: AsyncMetrics;
  /** Makes a token that nobody else has. */
  newToken: () => string;
  /** Events run at once here. */
  capacity: number;
  /** Most events of one function at once here. */
  limitOf: (accountId: string, functionName: string) => number;
  /** Whether a call of the function would find a container soon, as far as is known. */
  hasRoom: (accountId: string, functionName: string) => boolean;
}

/** How often everything is looked at even though nobody said that something is due, ms. */
const LOOK_MS = 1000;
/** While some function waits for room, ms. */
const LOOK_FOR_ROOM_MS = 50;
const RENEW_MS = LOCK_MS / 3;
/** For handing back what runs, when there is no time left; what is not handed back is found by another worker, ms. */
const HAND_BACK_MS = 2000;
/** After a failure of Redis, ms. */
const REDIS_PAUSE_MS = 500;
/** Function lanes that were not used for so long are forgotten, ms. */
const FORGET_MS = 60_000;

interface Running extends TakenEvent {
  lane: FunctionLane;
  abort: AbortController;
}

/**
 * Takes events of all functions' queues, a function at a time, and only while there is room for them: what is not taken can
 * be taken by another pod.
 */
export class EventConsumer {
  readonly #deps: EventConsumerDeps;
  readonly #lanes = new Map<string, FunctionLane>();
  readonly #running = new Map<string, Running>();
  #taking = 0;
  #servings = 0;
  #isStopped = true;
  #cancelTimer: (() => void) | undefined;
  #cancelRenewal: (() => void) | undefined;
  #onIdle: (() => void) | undefined;

  constructor(deps: EventConsumerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#isStopped = false;
    this.#renewLater();
    this.#pump();
  }

  /** There may be something to do for this function. */
  wake(accountId: string, functionName: string): void {
    const lane = this.#laneOf(accountId, functionName);
    lane.notices++;
    lane.isEmpty = false;
    this.#pump();
  }

  /** @returns whether it runs here */
  cancel(accountId: string, requestId: string): boolean {
    const running = this.#running.get(`${accountId}:${requestId}`);
    running?.abort.abort('cancel');
    return running !== undefined;
  }

  /** Forgets what is believed about a function, in case it is wrong. @returns false when it is being served */
  restart(accountId: string, functionName: string): boolean {
    const lane = this.#lanes.get(laneKey(accountId, functionName));
    const { clock } = this.#deps;
    if (lane !== undefined && (lane.running > 0 || lane.pausedUntilMs > clock.monotonicMs())) return false;
    this.#lanes.delete(laneKey(accountId, functionName));
    this.wake(accountId, functionName);
    return true;
  }

  /** Milliseconds since an event of the function was taken here, or since the function is known. */
  sinceTakenMs(accountId: string, functionName: string): number {
    const lane = this.#lanes.get(laneKey(accountId, functionName));
    return lane === undefined ? 0 : this.#deps.clock.monotonicMs() - lane.lastTakenMs;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** Takes nothing more, lets what runs end, and hands back what has not ended at the deadline. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    let giveUp = (): void => undefined;
    const idle = new Promise<void>((resolve) => {
      giveUp = resolve;
      this.#onIdle = resolve;
      if (this.#running.size === 0 && this.#taking === 0) resolve();
    });
    const handBack = (): void => {
      for (const { abort } of this.#running.values()) abort.abort('drain');
      this.#deps.clock.after(HAND_BACK_MS, giveUp);
    };
    if (deadline.aborted) handBack();
    else deadline.addEventListener('abort', handBack, { once: true });
    await idle;
    this.#cancelRenewal?.();
  }

  /** Takes as much as there is room for; called whenever something has changed. */
  #pump(): void {
    if (this.#isStopped) return;
    const { clock, capacity } = this.#deps;
    const nowMs = clock.monotonicMs();
    const wallMs = clock.wallMs();
    const reserve = Math.ceil(capacity / 4);
    const withoutRoom = new Set<FunctionLane>();
    for (;;) {
      const running = this.#running.size + this.#taking;
      const lanes = [...this.#lanes.values()].filter((lane) => !withoutRoom.has(lane));
      const lane = pickLane(lanes, { running, capacity, reserve, nowMs, wallMs });
      if (lane === undefined) break;
      if (this.#deps.hasRoom(lane.accountId, lane.functionName)) this.#take(lane);
      else withoutRoom.add(lane);
    }
    this.#lookLater(withoutRoom.size > 0, wallMs, nowMs);
  }

  #take(lane: FunctionLane): void {
    lane.running++;
    lane.servedAt = ++this.#servings;
    this.#taking++;
    const { notices } = lane;
    const { queues, newToken, clock } = this.#deps;
    queues
      .take(lane.accountId, lane.functionName, newToken())
      .then((taken) => {
        if ('token' in taken) return this.#run(lane, taken);
        if (lane.notices === notices) {
          lane.isEmpty = true;
          lane.nextDueMs = taken.nextDueMs;
        }
        lane.running--;
        return undefined;
      })
      .catch((error: unknown) => {
        lane.running--;
        lane.pausedUntilMs = clock.monotonicMs() + REDIS_PAUSE_MS;
        this.#deps.logger.debug('no event could be taken', { functionName: lane.functionName, error });
      })
      .finally(() => {
        this.#taking--;
        this.#afterChange();
      });
  }

  #run(lane: FunctionLane, taken: TakenEvent): void {
    const { clock, runner, logger, metrics, limitOf } = this.#deps;
    const { accountId, functionName } = lane;
    const abort = new AbortController();
    const key = `${accountId}:${taken.requestId}`;
    lane.lastTakenMs = clock.monotonicMs();
    lane.nextDueMs = undefined;
    this.#running.set(key, { ...taken, lane, abort });
    metrics.noteRunning(this.#running.size);
    runner
      .run({ accountId, functionName, requestId: taken.requestId }, taken.token, abort.signal)
      .then(({ hasRoom, pauseMs }) => {
        if (hasRoom) noteRoom(lane, limitOf(accountId, functionName));
        else noteShortage(lane, clock.monotonicMs(), pauseMs);
      })
      .catch((error: unknown) => {
        // Its lock runs out and another worker, or this one, takes it again.
        logger.warn('an event could not be carried to its end here', { functionName, requestId: taken.requestId, error });
        lane.pausedUntilMs = clock.monotonicMs() + REDIS_PAUSE_MS;
      })
      .finally(() => {
        this.#running.delete(key);
        lane.running--;
        // A retry of it may be due before anybody says so.
        lane.isEmpty = false;
        metrics.noteRunning(this.#running.size);
        this.#afterChange();
      });
  }

  #afterChange(): void {
    if (this.#running.size === 0 && this.#taking === 0) this.#onIdle?.();
    this.#pump();
  }

  #lookLater(isWaitingForRoom: boolean, wallMs: number, nowMs: number): void {
    this.#cancelTimer?.();
    let delayMs = isWaitingForRoom ? LOOK_FOR_ROOM_MS : LOOK_MS;
    for (const lane of this.#lanes.values()) {
      if (lane.nextDueMs !== undefined) delayMs = Math.min(delayMs, Math.max(1, lane.nextDueMs - wallMs));
      if (lane.pausedUntilMs > nowMs) delayMs = Math.min(delayMs, Math.max(1, lane.pausedUntilMs - nowMs));
    }
    this.#cancelTimer = this.#deps.clock.after(delayMs, () => {
      this.#forgetIdle();
      this.#pump();
    });
  }

  #forgetIdle(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [key, lane] of this.#lanes) {
      if (lane.isEmpty && lane.running === 0 && lane.nextDueMs === undefined && nowMs - lane.lastTakenMs > FORGET_MS)
        this.#lanes.delete(key);
    }
  }

  #laneOf(accountId: string, functionName: string): FunctionLane {
    const key = laneKey(accountId, functionName);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = newLane(accountId, functionName, this.#deps.clock.monotonicMs());
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #renewLater(): void {
    this.#cancelRenewal = this.#deps.clock.after(RENEW_MS, () => {
      void this.#renew().finally(() => {
        if (!this.#isStopped || this.#running.size > 0) this.#renewLater();
      });
    });
  }

  /** Never rejects: a lock that could not be renewed may be lost, which its settlement will notice. */
  async #renew(): Promise<void> {
    const byLane = new Map<FunctionLane, Running[]>();
    for (const running of this.#running.values()) byLane.set(running.lane, [...(byLane.get(running.lane) ?? []), running]);
    await Promise.all(
      [...byLane].map(async ([lane, held]) => {
        try {
          const lost = await this.#deps.queues.renew(lane.accountId, lane.functionName, held);
          if (lost.length > 0) this.#deps.logger.warn('the hold on events was lost', { functionName: lane.functionName, requestIds: lost });
        } catch (error) {
          this.#deps.logger.debug('the hold on events could not be renewed', { functionName: lane.functionName, error });
        }
      }),
    );
  }
}

const laneKey = (accountId: string, functionName: string): string => `${accountId}.${functionName}`;

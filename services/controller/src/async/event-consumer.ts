import type { Clock, Logger } from '@easyfaas/service-kit';
import type { AsyncMetrics } from './async-metrics';
import type { EventRunner, RunReport } from './event-runner';
import { type FunctionLane, newLane, noteRoom, noteShortage, pickLane } from './function-lane';
import { LockRenewal } from './lock-renewal';
import type { RedisEventQueues } from './redis-event-queues';
import type { RedisEventStore, TakenEvent } from './redis-event-store';

export interface EventConsumerDeps {
  clock: Clock;
  logger: Logger;
  queues: Pick<RedisEventQueues, 'renew'>;
  store: Pick<RedisEventStore, 'take'>;
  runner: Pick<EventRunner, 'run'>;
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
  readonly #renewal: LockRenewal;
  /** Events that are being asked for. */
  #taking = 0;
  /** Events whose functions run, or that are asked for; those that are only written down need no room. */
  #inUse = 0;
  #isPumpDue = false;
  #servings = 0;
  #isStopped = true;
  #cancelTimer: (() => void) | undefined;
  #onIdle: (() => void) | undefined;

  constructor(deps: EventConsumerDeps) {
    this.#deps = deps;
    this.#renewal = new LockRenewal(deps, () => this.#running.values());
  }

  start(): void {
    this.#isStopped = false;
    this.#renewal.start();
    this.#pump();
  }

  /** There may be something to do for this function. */
  wake(accountId: string, functionName: string): void {
    const lane = this.#laneOf(accountId, functionName);
    lane.notices++;
    lane.isEmpty = false;
    this.#pumpSoon();
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
    this.#renewal.stop();
  }

  /** Once for all that happens in one turn of the event loop, so that it shares commands. */
  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    setImmediate(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  /** Takes as much as there is room for; called whenever something has changed. */
  #pump(): void {
    if (this.#isStopped) return;
    const { clock, capacity } = this.#deps;
    const nowMs = clock.monotonicMs();
    const wallMs = clock.wallMs();
    const reserve = Math.ceil(capacity / 4);
    const lanes = new Set(this.#lanes.values());
    const chosen = new Map<FunctionLane, number>();
    let isShort = false;
    for (;;) {
      const lane = pickLane(lanes, { running: this.#inUse, capacity, reserve, nowMs, wallMs });
      if (lane === undefined) break;
      if (this.#deps.hasRoom(lane.accountId, lane.functionName)) {
        lane.running++;
        lane.servedAt = ++this.#servings;
        this.#inUse++;
        chosen.set(lane, (chosen.get(lane) ?? 0) + 1);
      } else {
        lanes.delete(lane);
        isShort = true;
      }
    }
    for (const [lane, count] of chosen) this.#take(lane, count);
    this.#lookLater(isShort, wallMs, nowMs);
  }

  #take(lane: FunctionLane, count: number): void {
    this.#taking += count;
    const { notices, accountId, functionName } = lane;
    const { store, newToken, clock, logger } = this.#deps;
    const tokens = Array.from({ length: count }, newToken);
    const giveBack = (unused: number): void => {
      lane.running -= unused;
      this.#inUse -= unused;
    };
    store
      .take(accountId, functionName, tokens, clock.wallMs())
      .then(({ events, nextDueMs }) => {
        for (const event of events) this.#run(lane, event);
        giveBack(count - events.length);
        if (events.length === count || lane.notices !== notices) return;
        // What became due meanwhile was put in front of the others by the same command.
        lane.isEmpty = true;
        lane.nextDueMs = nextDueMs;
      })
      .catch((error: unknown) => {
        giveBack(count);
        lane.pausedUntilMs = clock.monotonicMs() + REDIS_PAUSE_MS;
        logger.debug('no event could be taken', { functionName, error });
      })
      .finally(() => {
        this.#taking -= count;
        this.#afterChange();
      });
  }

  #run(lane: FunctionLane, taken: TakenEvent): void {
    const { clock, runner, logger, metrics } = this.#deps;
    const { functionName, requestId } = taken;
    const abort = new AbortController();
    const key = `${taken.accountId}:${requestId}`;
    lane.lastTakenMs = clock.monotonicMs();
    this.#running.set(key, { ...taken, lane, abort });
    metrics.noteRunning(this.#running.size);
    let hasRan = false;
    const onRan = (report: RunReport): void => {
      if (hasRan) return;
      hasRan = true;
      this.#leave(lane, report);
    };
    runner
      .run(taken, abort.signal, onRan)
      .then((dueMs) => {
        if (dueMs === undefined) return;
        lane.notices++;
        lane.nextDueMs = Math.min(lane.nextDueMs ?? Infinity, dueMs);
      })
      .catch((error: unknown) => {
        // Its lock runs out and another worker, or this one, takes it again.
        logger.warn('an event could not be carried to its end here', { functionName, requestId, error });
        lane.pausedUntilMs = clock.monotonicMs() + REDIS_PAUSE_MS;
      })
      .finally(() => {
        onRan(NOTHING_SAID);
        this.#running.delete(key);
        metrics.noteRunning(this.#running.size);
        this.#afterChange();
      });
  }

  /** A function has ended: there is room for another event while this one's end is written down. */
  #leave(lane: FunctionLane, { hasRoom, pauseMs }: RunReport): void {
    const { clock, limitOf } = this.#deps;
    if (hasRoom) noteRoom(lane, limitOf(lane.accountId, lane.functionName));
    else noteShortage(lane, clock.monotonicMs(), pauseMs);
    lane.running--;
    this.#inUse--;
    this.#pumpSoon();
  }

  #afterChange(): void {
    if (this.#running.size === 0 && this.#taking === 0) this.#onIdle?.();
    this.#pumpSoon();
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
}

const NOTHING_SAID: RunReport = { hasRoom: true, pauseMs: 0 };
const laneKey = (accountId: string, functionName: string): string => `${accountId}.${functionName}`;

import type { Clock, Logger } from '@easyfaas/service-kit';
import type { AsyncMetrics } from './async-metrics';
import type { EventMemory } from './event-memory';
import type { EventRunner, RunReport } from './event-runner';
import { EventTaker, TAKEN_TOGETHER } from './event-taker';
import { type FunctionLane, noteDue, noteEmpty, noteNews, noteRoom, noteShortage, shareRoom } from './function-lane';
import { FunctionLanes } from './function-lanes';
import type { RedisEventQueues } from './redis-event-queues';
import type { RedisEventStore, Taken } from './redis-event-store';
import { RunningEvents } from './running-events';

export interface EventConsumerDeps {
  clock: Clock;
  logger: Logger;
  queues: Pick<RedisEventQueues, 'renew'>;
  store: Pick<RedisEventStore, 'take'>;
  runner: Pick<EventRunner, 'run'>;
  metrics: AsyncMetrics;
  memory: Pick<EventMemory, 'reserve' | 'give'>;
  /** Makes a token that nobody else has. */
  newToken: () => string;
  /** Bytes of the largest payload of an event. */
  payloadLimitBytes: number;
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

/**
 * Takes events of all functions' queues, a function at a time, and only while there is room for them: what is not taken can
 * be taken by another pod.
 */
export class EventConsumer {
  readonly #deps: EventConsumerDeps;
  readonly #lanes = new FunctionLanes();
  readonly #running: RunningEvents;
  readonly #taker: EventTaker;
  /** Events whose functions run, or that are asked for; those that are only written down need no room. */
  #inUse = 0;
  #isPumpDue = false;
  #servings = 0;
  #isStopped = true;
  #cancelTimer: (() => void) | undefined;
  #onIdle: (() => void) | undefined;

  constructor(deps: EventConsumerDeps) {
    this.#deps = deps;
    this.#taker = new EventTaker(deps);
    this.#running = new RunningEvents(deps, {
      onRan: (lane, report) => this.#leave(lane, report),
      onPostponed: noteDue,
      onFailed: (lane) => this.#pause(lane),
      onGone: ({ state }) => {
        if (state !== undefined) deps.memory.give(state.payload.length);
        this.#afterChange();
      },
    });
  }

  start(): void {
    this.#isStopped = false;
    this.#running.start();
    this.#pump();
  }

  /** There may be something to do for this function. */
  wake(accountId: string, functionName: string): void {
    noteNews(this.#lanes.of(accountId, functionName, this.#deps.clock.monotonicMs()));
    this.#pumpSoon();
  }

  /** @returns whether it runs here */
  cancel(accountId: string, requestId: string): boolean {
    return this.#running.cancel(accountId, requestId);
  }

  /** Forgets what is believed about a function, in case it is wrong. @returns false when it is being served */
  restart(accountId: string, functionName: string): boolean {
    const lane = this.#lanes.find(accountId, functionName);
    const { clock } = this.#deps;
    if (lane !== undefined && (lane.running > 0 || lane.pausedUntilMs > clock.monotonicMs())) return false;
    this.#lanes.forget(accountId, functionName);
    this.wake(accountId, functionName);
    return true;
  }

  /** Milliseconds since an event of the function was taken here, or since the function is known. */
  sinceTakenMs(accountId: string, functionName: string): number {
    const lane = this.#lanes.find(accountId, functionName);
    return lane === undefined ? 0 : this.#deps.clock.monotonicMs() - lane.lastTakenMs;
  }

  /** Takes nothing more, lets what runs end, and hands back what has not ended at the deadline. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    let giveUp = (): void => undefined;
    const idle = new Promise<void>((resolve) => {
      giveUp = resolve;
      this.#onIdle = resolve;
      if (this.#isIdle) resolve();
    });
    const handBack = (): void => {
      this.#running.handBack();
      this.#deps.clock.after(HAND_BACK_MS, giveUp);
    };
    if (deadline.aborted) handBack();
    else deadline.addEventListener('abort', handBack, { once: true });
    await idle;
    this.#running.stop();
  }

  get #isIdle(): boolean {
    return this.#running.size === 0 && this.#taker.underWay === 0;
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
    const { clock, capacity, hasRoom } = this.#deps;
    const nowMs = clock.monotonicMs();
    const wallMs = clock.wallMs();
    const room = { running: this.#inUse, capacity, reserve: Math.ceil(capacity / 4), nowMs, wallMs };
    const { counts, isShort } = shareRoom(
      this.#lanes.all(),
      room,
      ({ accountId, functionName }) => hasRoom(accountId, functionName),
      (lane) => {
        lane.running++;
        lane.servedAt = ++this.#servings;
        room.running = ++this.#inUse;
      },
    );
    let isMemoryShort = false;
    for (const [lane, count] of counts) isMemoryShort = !this.#takeAll(lane, count) || isMemoryShort;
    this.#lookLater(isShort || isMemoryShort, wallMs, nowMs);
  }

  /** @param count room that was given out for it @returns false when there is no memory for all */
  #takeAll(lane: FunctionLane, count: number): boolean {
    for (let rest = count; rest > 0; rest -= TAKEN_TOGETHER) {
      const asked = Math.min(rest, TAKEN_TOGETHER);
      const taking = this.#taker.take(lane.accountId, lane.functionName, asked, lane.running === count && rest === count);
      if (taking === undefined) {
        this.#giveBack(lane, rest);
        return false;
      }
      void this.#take(lane, asked, taking);
    }
    return true;
  }

  async #take(lane: FunctionLane, count: number, taking: Promise<Taken>): Promise<void> {
    const { clock, logger } = this.#deps;
    const { notices, functionName } = lane;
    lane.asking++;
    try {
      const { events, nextDueMs, hasMore } = await taking;
      if (events.length > 0) lane.lastTakenMs = clock.monotonicMs();
      for (const event of events) void this.#running.run(lane, event);
      this.#giveBack(lane, count - events.length);
      if (events.length < count && !hasMore) noteEmpty(lane, notices, nextDueMs);
    } catch (error) {
      this.#giveBack(lane, count);
      this.#pause(lane);
      logger.debug('no event could be taken', { functionName, error });
    }
    lane.asking--;
    this.#afterChange();
  }

  /** Room that was not used. */
  #giveBack(lane: FunctionLane, count: number): void {
    lane.running -= count;
    this.#inUse -= count;
  }

  /** A function has ended: there is room for another event while this one's end is written down. */
  #leave(lane: FunctionLane, { hasRoom, pauseMs }: RunReport): void {
    const { clock, limitOf } = this.#deps;
    if (hasRoom) noteRoom(lane, limitOf(lane.accountId, lane.functionName));
    else noteShortage(lane, clock.monotonicMs(), pauseMs);
    this.#giveBack(lane, 1);
    this.#pumpSoon();
  }

  #pause(lane: FunctionLane): void {
    lane.pausedUntilMs = this.#deps.clock.monotonicMs() + REDIS_PAUSE_MS;
  }

  #afterChange(): void {
    if (this.#isIdle) this.#onIdle?.();
    this.#pumpSoon();
  }

  #lookLater(isWaitingForRoom: boolean, wallMs: number, nowMs: number): void {
    this.#cancelTimer?.();
    const delayMs = this.#lanes.untilDueMs(isWaitingForRoom ? LOOK_FOR_ROOM_MS : LOOK_MS, wallMs, nowMs);
    this.#cancelTimer = this.#deps.clock.after(delayMs, () => {
      this.#lanes.forgetIdle(this.#deps.clock.monotonicMs());
      this.#pump();
    });
  }
}

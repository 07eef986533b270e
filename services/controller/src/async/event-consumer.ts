import type { Clock, Logger } from '@easyfaas/service-kit';
import type { AsyncMetrics } from './async-metrics';
import type { EventRunner, RunReport } from './event-runner';
import { type FunctionLane, noteRoom, noteShortage, shareRoom } from './function-lane';
import { FunctionLanes } from './function-lanes';
import type { RedisEventQueues } from './redis-event-queues';
import type { RedisEventStore } from './redis-event-store';
import { RunningEvents } from './running-events';

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
/** Events of one command: Redis does nothing else meanwhile, and their payloads are one answer. */
const TAKEN_TOGETHER = 64;

/**
 * Takes events of all functions' queues, a function at a time, and only while there is room for them: what is not taken can
 * be taken by another pod.
 */
export class EventConsumer {
  readonly #deps: EventConsumerDeps;
  readonly #lanes = new FunctionLanes();
  readonly #running: RunningEvents;
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
    this.#running = new RunningEvents(deps, {
      onRan: (lane, report) => this.#leave(lane, report),
      onPostponed: (lane, dueMs) => {
        lane.notices++;
        lane.nextDueMs = Math.min(lane.nextDueMs ?? Infinity, dueMs);
      },
      onFailed: (lane) => this.#pause(lane),
      onGone: () => this.#afterChange(),
    });
  }

  start(): void {
    this.#isStopped = false;
    this.#running.start();
    this.#pump();
  }

  /** There may be something to do for this function. */
  wake(accountId: string, functionName: string): void {
    const lane = this.#lanes.of(accountId, functionName, this.#deps.clock.monotonicMs());
    lane.notices++;
    lane.isEmpty = false;
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
      if (this.#running.size === 0 && this.#taking === 0) resolve();
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
    for (const [lane, count] of counts) {
      for (let rest = count; rest > 0; rest -= TAKEN_TOGETHER) this.#take(lane, Math.min(rest, TAKEN_TOGETHER));
    }
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
        if (events.length > 0) lane.lastTakenMs = clock.monotonicMs();
        for (const event of events) void this.#running.run(lane, event);
        giveBack(count - events.length);
        if (events.length === count || lane.notices !== notices) return;
        // What became due meanwhile was put in front of the others by the same command.
        lane.isEmpty = true;
        lane.nextDueMs = nextDueMs;
      })
      .catch((error: unknown) => {
        giveBack(count);
        this.#pause(lane);
        logger.debug('no event could be taken', { functionName, error });
      })
      .finally(() => {
        this.#taking -= count;
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

  #pause(lane: FunctionLane): void {
    lane.pausedUntilMs = this.#deps.clock.monotonicMs() + REDIS_PAUSE_MS;
  }

  #afterChange(): void {
    if (this.#running.size === 0 && this.#taking === 0) this.#onIdle?.();
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

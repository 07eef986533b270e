import type { Redis } from 'ioredis';
import type { Clock } from '@easyfaas/service-kit';
import { type AsyncKeys, functionOfQueue, queueName, requestIdOf } from './async-keys';
import { defineScripts, queueCall, runScript, runScriptForBytes, type ScriptArgument } from './async-redis';
import { type DeliveryKind, type EventOutcome, type EventState, type EventStatus, outboxMember, readEventState } from './event-state';
import { LOCK_MS, type QueuedEvent } from './redis-event-queues';
import { SharedCommands, UNDER_WAY_MAX } from './shared-commands';

export interface RedisEventStoreOptions {
  redis: Redis;
  keys: AsyncKeys;
  clock: Pick<Clock, 'after'>;
  /** How long ended events are kept, s. */
  keptS: number;
  /** How many per function at most. */
  keptCount: number;
  deadLettersKeptS: number;
  deadLettersKeptCount: number;
}

/** An event that is this worker's until its lock is lost. */
export interface TakenEvent extends QueuedEvent {
  token: string;
  /** As it was before this try; nothing when there is nothing to try: it has ended, or is gone. */
  state: EventState | undefined;
}

export interface Taken {
  events: TakenEvent[];
  /** Present when the queue had fewer than were asked for: when the next one becomes due, milliseconds since the epoch. */
  nextDueMs: number | undefined;
  /** Fewer than were asked for, because of their bytes: there are more. */
  hasMore: boolean;
}

export interface Settlement {
  status: EventStatus;
  nowMs: number;
  /** Kept until somebody redrives or purges it. */
  isDeadLetter: boolean;
  /** Deliveries that are due. */
  deliveries: readonly DeliveryKind[];
  outcome: EventOutcome;
  /** Beside it. */
  fields: Fields;
}

interface Ending extends QueuedEvent {
  token: string;
  settlement: Settlement;
  /** JSON. */
  outcome: string;
}

/** Events of one command, and bytes of one: Redis does nothing else meanwhile. */
const TOGETHER_MAX = 64;
const TOGETHER_BYTES = 1024 * 1024;

/** Lists of ids by function. */
export type EventList = 'open' | 'ended' | 'dead' | 'undelivered';

export type Fields = Readonly<Record<string, string | number | Buffer | undefined>>;

/** The events in Redis. Moves are scripts, see async-scripts.ts; every method throws QUEUE_UNAVAILABLE or QUEUE_FULL. */
export class RedisEventStore {
  readonly #options: RedisEventStoreOptions;
  readonly #endings: SharedCommands<Ending, string>;

  constructor(options: RedisEventStoreOptions) {
    this.#options = options;
    defineScripts(options.redis);
    this.#endings = new SharedCommands({
      send: (_name, endings) => this.#settleTogether(endings),
      countMax: TOGETHER_MAX,
      bytesMax: TOGETHER_BYTES,
      later: setImmediate,
      underWayMax: UNDER_WAY_MAX,
      after: (delayMs, callback) => options.clock.after(delayMs, callback),
    });
  }

  /**
   * Takes events of a function's queue and begins a try of each.
   * @param tokens one for each that may be taken; nobody else has them
   * @param bytes the event whose payload goes beyond is the last one
   */
  async take(accountId: string, functionName: string, tokens: readonly string[], nowMs: number, bytes: number): Promise<Taken> {
    const { redis, keys } = this.#options;
    const args = [nowMs, LOCK_MS, keys.invocation(accountId, ''), bytes, ...tokens];
    const answer = await runScriptForBytes(redis, 'asyncTake', [keys.queue(accountId, functionName)], args);
    const [entries, nextDueMs, hasMore] = answer as [[Buffer, Buffer, Buffer, Buffer[] | undefined][], number, number];
    const events = entries.map(([jobId, token, , before]): TakenEvent => {
      const requestId = requestIdOf(jobId.toString('latin1'));
      const state = before === undefined ? undefined : readEventState(accountId, requestId, before);
      return { accountId, functionName, requestId, token: token.toString('latin1'), state };
    });
    return { events, nextDueMs: nextDueMs > 0 ? nextDueMs : undefined, hasMore: hasMore === 1 };
  }

  /** Ends the event and its job; safe to repeat when the answer was lost. @returns false when the try is not the current one any more: nothing was changed */
  async settle(event: QueuedEvent, token: string, settlement: Settlement): Promise<boolean> {
    const { accountId, functionName, requestId } = event;
    const outcome = JSON.stringify(settlement.outcome);
    const ending = { accountId, functionName, requestId, token, settlement, outcome };
    const bytes = outcome.length + sizeOf(settlement.fields);
    return (await this.#endings.add(queueName(accountId, functionName), ending, bytes)) === 'settled';
  }

  /** @param endings of one function */
  async #settleTogether(endings: readonly Ending[]): Promise<string[]> {
    const { redis, keys, keptS, keptCount, deadLettersKeptS, deadLettersKeptCount } = this.#options;
    const { accountId, functionName } = endings[0] as Ending;
    const args: ScriptArgument[] = [keys.invocation(accountId, ''), keptS, keptCount, deadLettersKeptS, deadLettersKeptCount];
    for (const ending of endings) {
      const { status, nowMs, isDeadLetter, deliveries, fields } = ending.settlement;
      const members = deliveries.map((kind) => outboxMember(ending, kind)).join(' ');
      args.push(ending.requestId, ending.token, status, nowMs, isDeadLetter ? '1' : '0', members);
      const countAt = args.push(0, 'outcome', ending.outcome) - 3;
      for (const name in fields) {
        const value = fields[name];
        if (value !== undefined) args.push(name, value);
      }
      args[countAt] = args.length - 1 - countAt;
    }
    const answers = await runScript(
      redis,
      'asyncSettle',
      [
        keys.open(accountId, functionName),
        keys.counters,
        keys.ended(accountId, functionName),
        keys.dead(accountId, functionName),
        keys.outbox,
        keys.queue(accountId, functionName),
      ],
      args,
    );
    return answers as string[];
  }

  /** Back to accepted; safe to repeat when the answer was lost. @param isUnspent the try does not count */
  async release({ accountId, requestId }: QueuedEvent, token: string, isUnspent: boolean, fields: Fields): Promise<boolean> {
    const { redis, keys } = this.#options;
    const args = [token, isUnspent ? '1' : '0', ...flat(fields)];
    return (await runScript(redis, 'asyncRelease', [keys.invocation(accountId, requestId)], args)) === 'released';
  }

  /** @returns what it did, or the final status that the event has */
  async cancel({ accountId, functionName, requestId }: QueuedEvent, nowMs: number): Promise<'missing' | EventStatus> {
    const { redis, keys, keptS } = this.#options;
    const answer = await runScript(
      redis,
      'asyncCancel',
      [keys.invocation(accountId, requestId), keys.open(accountId, functionName), keys.counters, keys.ended(accountId, functionName)],
      [requestId, nowMs, keptS, keys.notices, `cancel ${accountId} ${requestId}`],
    );
    return answer as 'missing' | EventStatus;
  }

  async read(accountId: string, requestId: string): Promise<EventState | undefined> {
    const { redis, keys } = this.#options;
    const found = await queueCall(() => redis.hgetallBuffer(keys.invocation(accountId, requestId)));
    const fields = Object.entries(found);
    if (fields.length === 0 || found['status'] === undefined) return undefined;
    return readEventState(
      accountId,
      requestId,
      fields.flatMap(([name, value]) => [Buffer.from(name), value]),
    );
  }

  /** Ids, newest first. @param which open, ended or dead; @param offset how many to leave out */
  async list(which: EventList, accountId: string, functionName: string, limit: number, offset = 0): Promise<string[]> {
    const { redis, keys } = this.#options;
    const key = keys[which](accountId, functionName);
    return queueCall(() => redis.zrevrange(key, offset, offset + limit - 1));
  }

  /** @returns how many there are */
  async count(which: EventList, accountId: string, functionName: string): Promise<number> {
    const { redis, keys } = this.#options;
    return queueCall(() => redis.zcard(keys[which](accountId, functionName)));
  }

  /** Names of the functions of an account that had an event lately. */
  async functionsOf(accountId: string): Promise<string[]> {
    const { redis, keys } = this.#options;
    const names = await queueCall(() => redis.smembers(keys.functions));
    return names.map(functionOfQueue).flatMap((each) => (each.accountId === accountId ? [each.functionName] : []));
  }

  /** Deletes events and takes them from their list. */
  async forget(which: EventList, accountId: string, functionName: string, requestIds: readonly string[]): Promise<void> {
    if (requestIds.length === 0) return;
    const { redis, keys } = this.#options;
    await queueCall(() =>
      redis
        .multi()
        .zrem(keys[which](accountId, functionName), ...requestIds)
        .unlink(...requestIds.map((requestId) => keys.invocation(accountId, requestId)))
        .exec(),
    );
  }

  /** As long as a dead letter. */
  async keepLonger({ accountId, requestId }: Pick<QueuedEvent, 'accountId' | 'requestId'>): Promise<void> {
    const { redis, keys, deadLettersKeptS } = this.#options;
    await queueCall(() => redis.expire(keys.invocation(accountId, requestId), deadLettersKeptS));
  }

  /** Failed deliveries go into the outbox again. */
  async deliverAgain(event: QueuedEvent, kinds: readonly DeliveryKind[], nowMs: number): Promise<void> {
    const { redis, keys } = this.#options;
    const { accountId, functionName, requestId } = event;
    const members = kinds.flatMap((kind) => [nowMs, outboxMember(event, kind)]);
    await queueCall(() =>
      redis
        .multi()
        .zrem(keys.undelivered(accountId, functionName), requestId)
        .zadd(keys.outbox, ...members)
        .exec(),
    );
  }

  /** Changes fields that are not part of an event's life. */
  async note(accountId: string, requestId: string, fields: Fields): Promise<void> {
    const { redis, keys } = this.#options;
    await queueCall(() => redis.hset(keys.invocation(accountId, requestId), ...(flat(fields) as [string, string])));
  }
}

/** About. */
function sizeOf(fields: Fields): number {
  let bytes = 0;
  for (const name in fields) {
    const value = fields[name];
    bytes += typeof value === 'string' || Buffer.isBuffer(value) ? value.length + 24 : 24;
  }
  return bytes;
}

function flat(fields: Fields): ScriptArgument[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
}

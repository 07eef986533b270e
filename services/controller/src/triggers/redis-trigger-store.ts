import type { Redis } from 'ioredis';
import { parse, storedTriggerSchema } from '@easyfaas/contracts/schemas';
import type { StoredTrigger } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { redisCall } from '../redis-connection';
import type { RedisNotices } from '../redis-notices';
import type { TriggerChange, TriggerPage, TriggerPageRequest, TriggerStore } from './trigger-store';

/*
 *   <prefix>:trigger:<account>:<id>                    hash {doc: StoredTrigger as JSON, revision}
 *   <prefix>:triggers:<account>                        sorted set of ids, all scores 0
 *   <prefix>:triggers-of-function:<account>:<name>     sorted set of ids
 *   <prefix>:triggers-of-source:<account>:<source>     sorted set of ids
 *   <prefix>:every-trigger-of-source:<source>          set of <account>:<id>
 *   <prefix>:trigger-status:…, trigger-dead-letters:…  see redis-trigger-status.ts and redis-dead-messages.ts
 *   <prefix>:trigger-changes                           channel; TriggerChange
 */

const CREATE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 'exists' end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) then return 'full' end
redis.call('HSET', KEYS[1], 'doc', ARGV[1], 'revision', ARGV[2])
for at = 2, 4 do redis.call('ZADD', KEYS[at], 0, ARGV[3]) end
redis.call('SADD', KEYS[5], ARGV[5])
redis.call('PUBLISH', ARGV[6], ARGV[7])
return 'created'`;

const REPLACE = `
local revision = redis.call('HGET', KEYS[1], 'revision')
if not revision then return 'missing' end
if revision ~= ARGV[3] then return 'stale' end
redis.call('HSET', KEYS[1], 'doc', ARGV[1], 'revision', ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[4])
redis.call('ZADD', KEYS[3], 0, ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 'replaced'`;

const DELETE = `
local removed = redis.call('DEL', KEYS[1])
for at = 2, 4 do redis.call('ZREM', KEYS[at], ARGV[1]) end
redis.call('SREM', KEYS[5], ARGV[2])
redis.call('DEL', KEYS[6], KEYS[7])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return removed == 1 and 'deleted' or 'missing'`;

/** Read in one turn of the event loop: checking one takes some tenths of a millisecond. */
const TRIGGERS_PER_SCAN = 50;

export class RedisTriggerStore implements TriggerStore {
  readonly #redis: Redis;
  readonly #notices: RedisNotices;
  readonly #prefix: string;
  readonly #channel: string;

  constructor({ redis, notices, prefix }: { redis: Redis; notices: RedisNotices; prefix: string }) {
    this.#redis = redis;
    this.#notices = notices;
    this.#prefix = prefix;
    this.#channel = `${prefix}:trigger-changes`;
  }

  async get(accountId: string, triggerId: string): Promise<StoredTrigger | undefined> {
    const doc = await redisCall(() => this.#redis.hget(this.#key(accountId, triggerId), 'doc'));
    return doc === null ? undefined : readDocument(doc);
  }

  async create(created: StoredTrigger, limit: number): Promise<'created' | 'full' | 'exists'> {
    const { accountId, triggerId, source, functionName, revisionId } = created;
    const answer = await redisCall(() =>
      this.#redis.eval(
        CREATE,
        5,
        this.#key(accountId, triggerId),
        this.#accountKey(accountId),
        this.#functionKey(accountId, functionName),
        this.#sourceKey(accountId, source),
        this.#everyKey(source),
        JSON.stringify(created),
        revisionId,
        triggerId,
        limit,
        `${accountId}:${triggerId}`,
        this.#channel,
        message(created),
      ),
    );
    return answer as 'created' | 'full' | 'exists';
  }

  async replace(updated: StoredTrigger, before: StoredTrigger): Promise<'replaced' | 'missing' | 'stale'> {
    const { accountId, triggerId, functionName, revisionId } = updated;
    const answer = await redisCall(() =>
      this.#redis.eval(
        REPLACE,
        3,
        this.#key(accountId, triggerId),
        this.#functionKey(accountId, before.functionName),
        this.#functionKey(accountId, functionName),
        JSON.stringify(updated),
        revisionId,
        before.revisionId,
        triggerId,
        this.#channel,
        message(updated),
      ),
    );
    return answer as 'replaced' | 'missing' | 'stale';
  }

  async delete(trigger: StoredTrigger): Promise<'deleted' | 'missing'> {
    const { accountId, triggerId, source, functionName } = trigger;
    const answer = await redisCall(() =>
      this.#redis.eval(
        DELETE,
        7,
        this.#key(accountId, triggerId),
        this.#accountKey(accountId),
        this.#functionKey(accountId, functionName),
        this.#sourceKey(accountId, source),
        this.#everyKey(source),
        `${this.#prefix}:trigger-status:${accountId}:${triggerId}`,
        `${this.#prefix}:trigger-dead-letters:${accountId}:${triggerId}`,
        triggerId,
        `${accountId}:${triggerId}`,
        this.#channel,
        message(trigger),
      ),
    );
    return answer as 'deleted' | 'missing';
  }

  async list(accountId: string, { marker, limit, functionName }: TriggerPageRequest): Promise<TriggerPage> {
    const key = functionName === undefined ? this.#accountKey(accountId) : this.#functionKey(accountId, functionName);
    const from = marker === undefined ? '-' : `(${marker}`;
    const ids = await redisCall(() => this.#redis.zrangebylex(key, from, '+', 'LIMIT', 0, limit + 1));
    const page = ids.slice(0, limit);
    const last = page.at(-1);
    return {
      triggers: await this.#getAll(page.map((triggerId) => this.#key(accountId, triggerId))),
      ...(ids.length > limit && last !== undefined ? { nextMarker: last } : {}),
    };
  }

  async ofFunction(accountId: string, functionName: string): Promise<StoredTrigger[]> {
    return this.#ofIndex(accountId, this.#functionKey(accountId, functionName));
  }

  async ofSource(accountId: string, source: string): Promise<StoredTrigger[]> {
    return this.#ofIndex(accountId, this.#sourceKey(accountId, source));
  }

  async *everyOfSource(source: string): AsyncGenerator<StoredTrigger[]> {
    let cursor = '0';
    do {
      const from = cursor;
      const [next, names] = await redisCall(() => this.#redis.sscan(this.#everyKey(source), from, 'COUNT', TRIGGERS_PER_SCAN));
      cursor = next;
      yield await this.#getAll(names.map((name) => `${this.#prefix}:trigger:${name}`));
    } while (cursor !== '0');
  }

  onChange(listener: (change: TriggerChange) => void): void {
    this.#notices.on(this.#channel, (text) => listener(JSON.parse(text) as TriggerChange));
  }

  onGap(listener: () => void): void {
    this.#notices.onGap(listener);
  }

  async #ofIndex(accountId: string, indexKey: string): Promise<StoredTrigger[]> {
    const ids = await redisCall(() => this.#redis.zrange(indexKey, '0', '-1'));
    return this.#getAll(ids.map((triggerId) => this.#key(accountId, triggerId)));
  }

  /** One deleted since its index was read is simply not there any more. */
  async #getAll(keys: string[]): Promise<StoredTrigger[]> {
    const triggers: StoredTrigger[] = [];
    for (let at = 0; at < keys.length; at += TRIGGERS_PER_SCAN) {
      const read = keys.slice(at, at + TRIGGERS_PER_SCAN).map((key) => redisCall(() => this.#redis.hget(key, 'doc')));
      for (const doc of await Promise.all(read)) if (doc !== null) triggers.push(readDocument(doc));
    }
    return triggers;
  }

  #key(accountId: string, triggerId: string): string {
    return `${this.#prefix}:trigger:${accountId}:${triggerId}`;
  }

  #accountKey(accountId: string): string {
    return `${this.#prefix}:triggers:${accountId}`;
  }

  #functionKey(accountId: string, functionName: string): string {
    return `${this.#prefix}:triggers-of-function:${accountId}:${functionName}`;
  }

  #sourceKey(accountId: string, source: string): string {
    return `${this.#prefix}:triggers-of-source:${accountId}:${source}`;
  }

  #everyKey(source: string): string {
    return `${this.#prefix}:every-trigger-of-source:${source}`;
  }
}

function message({ accountId, triggerId, source }: StoredTrigger): string {
  return JSON.stringify({ accountId, triggerId, source } satisfies TriggerChange);
}

/** Redis is shared and outlives a deploy: what comes back is checked before it is used. */
function readDocument(doc: string): StoredTrigger {
  try {
    return parse(storedTriggerSchema, JSON.parse(doc));
  } catch (cause) {
    throw new ServiceError('INTERNAL', 'A stored trigger cannot be read; delete it and make it anew.', { cause });
  }
}

import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { parse, storedFunctionSchema } from '@easyfaas/contracts/schemas';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { redisCall } from '../redis-connection';
import type { RedisNotices } from '../redis-notices';
import type { FunctionChange } from './function-directory';
import type { FunctionPage, FunctionPageRequest, FunctionStore } from './function-store';

/*
 * Keys, all under one prefix so that an instance can be found, moved and deleted as a whole:
 *   <prefix>:function:<account>:<name>   hash {doc: StoredFunction as JSON, revision: its RevisionId}
 *   <prefix>:functions:<account>         sorted set of names, all scores 0: ordered by name
 *   <prefix>:function-changes            channel; {origin, change}
 */

const CREATE = `
if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.call('HGET', KEYS[1], 'revision') == ARGV[2] and 1 or 0
end
redis.call('HSET', KEYS[1], 'doc', ARGV[1], 'revision', ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1`;

const REPLACE = `
local revision = redis.call('HGET', KEYS[1], 'revision')
if not revision then return 'missing' end
if revision ~= ARGV[3] then return 'stale' end
redis.call('HSET', KEYS[1], 'doc', ARGV[1], 'revision', ARGV[2])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 'replaced'`;

const DELETE = `
local revision = redis.call('HGET', KEYS[1], 'revision')
if not revision then return 'missing' end
if ARGV[1] ~= '' and revision ~= ARGV[1] then return 'stale' end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 'deleted'`;

/** Keys that Redis looks at in one step of a walk over all functions. */
const FUNCTIONS_PER_SCAN = 200;

export class RedisFunctionStore implements FunctionStore {
  readonly #redis: Redis;
  readonly #notices: RedisNotices;
  readonly #prefix: string;
  readonly #channel: string;
  /** Own notices come back over pub/sub too; they were delivered at once and are not delivered twice. */
  readonly #origin = randomUUID();
  readonly #listeners: ((change: FunctionChange) => void)[] = [];

  constructor({ redis, notices, prefix }: { redis: Redis; notices: RedisNotices; prefix: string }) {
    this.#redis = redis;
    this.#notices = notices;
    this.#prefix = prefix;
    this.#channel = `${prefix}:function-changes`;
    notices.on(this.#channel, (message) => this.#receive(message));
  }

  async get(accountId: string, functionName: string): Promise<StoredFunction | undefined> {
    const doc = await redisCall(() => this.#redis.hget(this.#key(accountId, functionName), 'doc'));
    return doc === null ? undefined : readDocument(doc);
  }

  async create(created: StoredFunction): Promise<boolean> {
    const { accountId, configuration } = created;
    const name = configuration.FunctionName;
    const change = changeTo(created);
    const answer = await redisCall(() =>
      this.#redis.eval(
        CREATE,
        2,
        this.#key(accountId, name),
        this.#indexKey(accountId),
        JSON.stringify(created),
        configuration.RevisionId,
        name,
        this.#channel,
        this.#message(change),
      ),
    );
    if (answer !== 1) return false;
    this.#tell(change);
    return true;
  }

  async replace(updated: StoredFunction, expectedRevisionId: string): Promise<'replaced' | 'missing' | 'stale'> {
    const { accountId, configuration } = updated;
    const change = changeTo(updated);
    const answer = await redisCall(() =>
      this.#redis.eval(
        REPLACE,
        1,
        this.#key(accountId, configuration.FunctionName),
        JSON.stringify(updated),
        configuration.RevisionId,
        expectedRevisionId,
        this.#channel,
        this.#message(change),
      ),
    );
    if (answer === 'replaced') this.#tell(change);
    return answer as 'replaced' | 'missing' | 'stale';
  }

  async delete(accountId: string, functionName: string, expectedRevisionId = ''): Promise<'deleted' | 'missing' | 'stale'> {
    const change: FunctionChange = { accountId, functionName };
    const answer = await redisCall(() =>
      this.#redis.eval(
        DELETE,
        2,
        this.#key(accountId, functionName),
        this.#indexKey(accountId),
        expectedRevisionId,
        functionName,
        this.#channel,
        this.#message(change),
      ),
    );
    if (answer === 'deleted') this.#tell(change);
    return answer as 'deleted' | 'missing' | 'stale';
  }

  async list(accountId: string, { marker, limit }: FunctionPageRequest): Promise<FunctionPage> {
    const from = marker === undefined ? '-' : `(${marker}`;
    const names = await redisCall(() => this.#redis.zrangebylex(this.#indexKey(accountId), from, '+', 'LIMIT', 0, limit + 1));
    const page = names.slice(0, limit);
    const docs = await Promise.all(page.map((name) => this.get(accountId, name)));
    const last = page.at(-1);
    return {
      // One deleted since the index was read is simply not there any more.
      functions: docs.filter((doc) => doc !== undefined),
      ...(names.length > limit && last !== undefined ? { nextMarker: last } : {}),
    };
  }

  async *packagesInUse(): AsyncGenerator<string> {
    let cursor = '0';
    do {
      const from = cursor;
      const [next, keys] = await redisCall(() =>
        this.#redis.scan(from, 'MATCH', `${this.#prefix}:function:*`, 'COUNT', FUNCTIONS_PER_SCAN),
      );
      const docs = await Promise.all(keys.map((key) => redisCall(() => this.#redis.hget(key, 'doc'))));
      for (const doc of docs) if (doc !== null) yield packageOf(doc);
      cursor = next;
    } while (cursor !== '0');
  }

  onChange(listener: (change: FunctionChange) => void): void {
    this.#listeners.push(listener);
  }

  onGap(listener: () => void): void {
    this.#notices.onGap(listener);
  }

  #tell(change: FunctionChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #message(change: FunctionChange): string {
    return JSON.stringify({ origin: this.#origin, change });
  }

  #receive(message: string): void {
    const { origin, change } = JSON.parse(message) as { origin: string; change: FunctionChange };
    if (origin !== this.#origin) this.#tell(change);
  }

  #key(accountId: string, functionName: string): string {
    return `${this.#prefix}:function:${accountId}:${functionName}`;
  }

  #indexKey(accountId: string): string {
    return `${this.#prefix}:functions:${accountId}`;
  }
}

function changeTo({ accountId, configuration }: StoredFunction): FunctionChange {
  return { accountId, functionName: configuration.FunctionName, commitId: configuration.CommitId };
}

/** Documents outlive a deploy and Redis is shared: what comes back is checked like any other input. */
function readDocument(doc: string): StoredFunction {
  try {
    return parse(storedFunctionSchema, JSON.parse(doc));
  } catch (cause) {
    throw new ServiceError('INTERNAL', 'The stored function cannot be read; deploy it again.', { cause });
  }
}

/** Only this one member: a walk over all functions does not check all of each. */
function packageOf(doc: string): string {
  const { code } = JSON.parse(doc) as { code?: { sha256?: unknown } };
  const sha256 = code?.sha256;
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) return sha256;
  throw new ServiceError('INTERNAL', 'A stored function does not name its package; deploy it again or delete it.');
}

import type { Redis } from 'ioredis';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { AsyncKeys } from '../async/async-keys';
import { redisCall } from '../redis-connection';
import type { RedisNotices } from '../redis-notices';
import type { FunctionChange } from './function-directory';
import { packagesOfDocument, readFunctionDocument, reservationOfDocument } from './function-document';
import { FunctionKeys } from './function-keys';
import type { FunctionPage, FunctionPageRequest, FunctionStore } from './function-store';
import { RedisChangeChannel } from './redis-change-channel';
import { RedisLayerStore } from './redis-layer-store';
import { RedisVersionStore } from './redis-version-store';

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
redis.call('DEL', KEYS[1], KEYS[3], KEYS[4])
redis.call('ZREM', KEYS[2], ARGV[2])
for _, field in ipairs(redis.call('HKEYS', KEYS[5])) do
  if field == ARGV[2] or string.sub(field, 1, #ARGV[2] + 1) == ARGV[2] .. ':' then redis.call('HDEL', KEYS[5], field) end
end
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 'deleted'`;

/** Keys that Redis looks at in one step of a walk over all functions. */
const KEYS_PER_SCAN = 200;

/** Functions in Redis; see {@link FunctionKeys} for what is where. */
export class RedisFunctionStore implements FunctionStore {
  readonly versions: RedisVersionStore;
  readonly layers: RedisLayerStore;
  readonly #redis: Redis;
  readonly #notices: RedisNotices;
  readonly #keys: FunctionKeys;
  readonly #asyncKeys: AsyncKeys;
  readonly #changes: RedisChangeChannel<FunctionChange>;

  constructor({ redis, notices, prefix }: { redis: Redis; notices: RedisNotices; prefix: string }) {
    this.#redis = redis;
    this.#notices = notices;
    this.#keys = new FunctionKeys(prefix);
    this.#asyncKeys = new AsyncKeys(prefix);
    this.#changes = new RedisChangeChannel(this.#keys.functionChannel, notices);
    this.versions = new RedisVersionStore({ redis, notices, keys: this.#keys });
    this.layers = new RedisLayerStore({ redis, keys: this.#keys });
  }

  async get(accountId: string, functionName: string): Promise<StoredFunction | undefined> {
    const doc = await redisCall(() => this.#redis.hget(this.#keys.function(accountId, functionName), 'doc'));
    return doc === null ? undefined : readFunctionDocument(doc);
  }

  async create(created: StoredFunction): Promise<boolean> {
    const { accountId, configuration } = created;
    const name = configuration.FunctionName;
    const change = changeTo(created);
    const answer = await redisCall(() =>
      this.#redis.eval(
        CREATE,
        2,
        this.#keys.function(accountId, name),
        this.#keys.index(accountId),
        JSON.stringify(created),
        configuration.RevisionId,
        name,
        this.#changes.name,
        this.#changes.message(change),
      ),
    );
    if (answer !== 1) return false;
    this.#changes.tell(change);
    return true;
  }

  async replace(updated: StoredFunction, expectedRevisionId: string): Promise<'replaced' | 'missing' | 'stale'> {
    const { accountId, configuration } = updated;
    const change = changeTo(updated);
    const answer = await redisCall(() =>
      this.#redis.eval(
        REPLACE,
        1,
        this.#keys.function(accountId, configuration.FunctionName),
        JSON.stringify(updated),
        configuration.RevisionId,
        expectedRevisionId,
        this.#changes.name,
        this.#changes.message(change),
      ),
    );
    if (answer === 'replaced') this.#changes.tell(change);
    return answer as 'replaced' | 'missing' | 'stale';
  }

  async delete(accountId: string, functionName: string, expectedRevisionId = ''): Promise<'deleted' | 'missing' | 'stale'> {
    const change: FunctionChange = { accountId, functionName };
    const answer = await redisCall(() =>
      this.#redis.eval(
        DELETE,
        5,
        this.#keys.function(accountId, functionName),
        this.#keys.index(accountId),
        this.#keys.versions(accountId, functionName),
        this.#keys.aliases(accountId, functionName),
        this.#asyncKeys.config(accountId),
        expectedRevisionId,
        functionName,
        this.#changes.name,
        this.#changes.message(change),
      ),
    );
    if (answer === 'deleted') this.#changes.tell(change);
    return answer as 'deleted' | 'missing' | 'stale';
  }

  async list(accountId: string, { marker, limit }: FunctionPageRequest): Promise<FunctionPage> {
    const from = marker === undefined ? '-' : `(${marker}`;
    const names = await redisCall(() => this.#redis.zrangebylex(this.#keys.index(accountId), from, '+', 'LIMIT', 0, limit + 1));
    const page = names.slice(0, limit);
    const docs = await Promise.all(page.map((name) => this.get(accountId, name)));
    const last = page.at(-1);
    return {
      // One deleted since the index was read is simply not there any more.
      functions: docs.filter((doc) => doc !== undefined),
      ...(names.length > limit && last !== undefined ? { nextMarker: last } : {}),
    };
  }

  async reservations(accountId: string): Promise<ReadonlyMap<string, number>> {
    const names = await redisCall(() => this.#redis.zrange(this.#keys.index(accountId), '0', '-1'));
    const reservations = new Map<string, number>();
    for (let from = 0; from < names.length; from += KEYS_PER_SCAN) {
      const page = names.slice(from, from + KEYS_PER_SCAN);
      const docs = await Promise.all(page.map((name) => redisCall(() => this.#redis.hget(this.#keys.function(accountId, name), 'doc'))));
      docs.forEach((doc, index) => {
        const reserved = doc === null ? undefined : reservationOfDocument(doc);
        if (reserved !== undefined) reservations.set(page[index] ?? '', reserved);
      });
    }
    return reservations;
  }

  /** In the direction in which packages go: what is named by a function meanwhile was a layer before, what is published was the function's. */
  async *packagesInUse(): AsyncGenerator<string> {
    for await (const key of this.#scan(this.#keys.layerPattern)) yield* await this.layers.packagesOf(key);
    for await (const key of this.#scan(this.#keys.functionPattern)) {
      const doc = await redisCall(() => this.#redis.hget(key, 'doc'));
      if (doc !== null) yield* packagesOfDocument(doc);
    }
    for await (const key of this.#scan(this.#keys.versionsPattern)) {
      for (const doc of await redisCall(() => this.#redis.hvals(key))) yield* packagesOfDocument(doc);
    }
  }

  async *provisioned(): AsyncGenerator<StoredFunction> {
    for await (const key of this.#scan(this.#keys.functionPattern)) {
      const doc = await redisCall(() => this.#redis.hget(key, 'doc'));
      // Few functions have it: the others are not parsed.
      if (doc?.includes('"provisioned":') === true) yield readFunctionDocument(doc);
    }
  }

  async *#scan(pattern: string): AsyncGenerator<string> {
    let cursor = '0';
    do {
      const from = cursor;
      const [next, keys] = await redisCall(() => this.#redis.scan(from, 'MATCH', pattern, 'COUNT', KEYS_PER_SCAN));
      yield* keys;
      cursor = next;
    } while (cursor !== '0');
  }

  onChange(listener: (change: FunctionChange) => void): void {
    this.#changes.on(listener);
  }

  onGap(listener: () => void): void {
    this.#notices.onGap(listener);
  }
}

function changeTo({ accountId, configuration }: StoredFunction): FunctionChange {
  return { accountId, functionName: configuration.FunctionName, commitId: configuration.CommitId };
}

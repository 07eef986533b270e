import type { Redis } from 'ioredis';
import { parse, storedLayerVersionSchema } from '@easyfaas/contracts/schemas';
import { LIMITS, type StoredLayerVersion } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { redisCall } from '../redis-connection';
import type { FunctionKeys } from './function-keys';
import type { LayerKey, LayerPage, LayerStore, NumberedLayer } from './layer-store';

const LAST = 'lastVersion';

const ADD = `
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) then return 'full' end
local version = redis.call('HINCRBY', KEYS[1], '${LAST}', 1)
redis.call('HSET', KEYS[1], version, ARGV[1])
redis.call('ZADD', KEYS[2], 0, ARGV[2])
return version`;

/** The counter stays, so that a number never means two things. */
const DELETE = `
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if redis.call('HLEN', KEYS[1]) == 1 then redis.call('ZREM', KEYS[2], ARGV[2]) end
return 1`;

/** Layers in Redis; see {@link FunctionKeys} for what is where. */
export class RedisLayerStore implements LayerStore {
  readonly #redis: Redis;
  readonly #keys: FunctionKeys;

  constructor({ redis, keys }: { redis: Redis; keys: FunctionKeys }) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async add(layer: StoredLayerVersion): Promise<number | 'full'> {
    const { accountId, layerName } = layer;
    const keys = [this.#keys.layer(accountId, layerName), this.#keys.layerIndex(accountId)] as const;
    const answer = await redisCall(() => this.#redis.eval(ADD, 2, ...keys, JSON.stringify(layer), layerName, LIMITS.versionsPerFunction));
    return answer as number | 'full';
  }

  async get({ accountId, layerName }: LayerKey, version: number): Promise<StoredLayerVersion | undefined> {
    const doc = await redisCall(() => this.#redis.hget(this.#keys.layer(accountId, layerName), String(version)));
    return doc === null ? undefined : readDocument(doc);
  }

  async versions({ accountId, layerName }: LayerKey): Promise<NumberedLayer[]> {
    const all = await redisCall(() => this.#redis.hgetall(this.#keys.layer(accountId, layerName)));
    return Object.entries(all)
      .filter(([field]) => field !== LAST)
      .map(([field, doc]) => ({ version: Number(field), stored: readDocument(doc) }))
      .sort((a, b) => b.version - a.version);
  }

  async list(accountId: string, { marker, limit }: { marker?: string; limit: number }): Promise<LayerPage> {
    const from = marker === undefined ? '-' : `(${marker}`;
    const names = await redisCall(() => this.#redis.zrangebylex(this.#keys.layerIndex(accountId), from, '+', 'LIMIT', 0, limit + 1));
    const page = names.slice(0, limit);
    const latest = await Promise.all(page.map(async (layerName) => (await this.versions({ accountId, layerName }))[0]));
    const last = page.at(-1);
    return {
      // One deleted since the index was read is simply not there any more.
      layers: latest.filter((layer) => layer !== undefined),
      ...(names.length > limit && last !== undefined ? { nextMarker: last } : {}),
    };
  }

  async delete({ accountId, layerName }: LayerKey, version: number): Promise<boolean> {
    const keys = [this.#keys.layer(accountId, layerName), this.#keys.layerIndex(accountId)] as const;
    return (await redisCall(() => this.#redis.eval(DELETE, 2, ...keys, String(version), layerName))) === 1;
  }

  /** @param key of one layer, as a walk over all finds it */
  async packagesOf(key: string): Promise<string[]> {
    const all = await redisCall(() => this.#redis.hgetall(key));
    return Object.entries(all)
      .filter(([field]) => field !== LAST)
      .map(([, doc]) => readDocument(doc).sha256);
  }
}

function readDocument(doc: string): StoredLayerVersion {
  try {
    return parse(storedLayerVersionSchema, JSON.parse(doc));
  } catch (cause) {
    throw new ServiceError('INTERNAL', 'A stored layer version cannot be read; delete it and publish it again.', { cause });
  }
}

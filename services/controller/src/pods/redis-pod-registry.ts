import type { Redis } from 'ioredis';
import { SchemaError, parse, podLeaseSchema } from '@easyfaas/contracts/schemas';
import type { PodLease } from '@easyfaas/contracts/wire';
import { redisCall } from '../redis-connection';

/*
 *   <prefix>:pods      hash pod id -> "<written at, ms> <boot id> <home> <lease as JSON>"; by Redis's clock
 *   <prefix>:pod-key   the key with which pods sign, hex, where no file holds it
 */

/** What is older is forgotten, by whoever refreshes next. Three refreshes may fail. */
export const LEASE_MS = 6000;
/** Where nobody refreshes any more, the whole hash goes. */
const HASH_MS = 60_000;

/** One round trip: writes our lease, forgets old ones, and returns the time, the key and all leases. */
const REFRESH = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local mine = redis.call('HGET', KEYS[1], ARGV[1])
if mine then
  local at, boot, home = string.match(mine, '^(%d+) (%S+) (%S+) ')
  if at and boot ~= ARGV[2] and home ~= ARGV[3] and now - tonumber(at) < tonumber(ARGV[5]) then return {'taken', tostring(now)} end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
local key = ''
if ARGV[7] ~= '' then
  redis.call('SET', KEYS[2], ARGV[7], 'NX')
  key = redis.call('GET', KEYS[2])
end
local answer = {'ok', string.format('%.0f', now), key}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local at, doc = string.match(all[i + 1], '^(%d+) %S+ %S+ (.*)$')
  if not at or now - tonumber(at) > tonumber(ARGV[5]) then redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= ARGV[1] then table.insert(answer, doc) end
end
return answer`;

/** Only ours: a pod of the same id may have come since. */
const LEAVE = `
local mine = redis.call('HGET', KEYS[1], ARGV[1])
if mine and string.match(mine, '^%d+ (%S+) ') == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1`;

export interface RegistryAnswer {
  /** Redis's clock, ms since the epoch. */
  nowMs: number;
  /** Of the other pods, in no order. */
  others: PodLease[];
  /** Hex, as it is in Redis; undefined when none was asked for. */
  key: string | undefined;
}

export interface RefreshWish {
  lease: PodLease;
  /** Host and data directory, without blanks: a lease of the same place is our own, of a life that ended. */
  home: string;
  /** Becomes the pods' key in Redis where there is none; undefined when the key is not kept there. */
  keyCandidate: string | undefined;
}

/** The leases of the pods that share this Redis. */
export class RedisPodRegistry {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: { redis: Redis; prefix: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /**
   * @returns 'taken' when a pod elsewhere lives under this id
   * @throws ServiceError STORE_UNAVAILABLE
   */
  async refresh({ lease, home, keyCandidate }: RefreshWish): Promise<RegistryAnswer | 'taken'> {
    const { podId, bootId } = lease;
    const answer = (await redisCall(() =>
      this.#redis.eval(
        REFRESH,
        2,
        this.#leasesKey,
        `${this.#prefix}:pod-key`,
        podId,
        bootId,
        home,
        JSON.stringify(lease),
        LEASE_MS,
        HASH_MS,
        keyCandidate ?? '',
      ),
    )) as string[];
    const [status, now, key, ...docs] = answer;
    if (status !== 'ok') return 'taken';
    return {
      nowMs: Number(now),
      key: keyCandidate === undefined ? undefined : (key ?? ''),
      others: docs.map(readLease).filter((other) => other !== undefined),
    };
  }

  /** We are not to be counted on any more. @throws ServiceError STORE_UNAVAILABLE */
  async leave({ podId, bootId }: PodLease): Promise<void> {
    await redisCall(() => this.#redis.eval(LEAVE, 1, this.#leasesKey, podId, bootId));
  }

  get #leasesKey(): string {
    return `${this.#prefix}:pods`;
  }
}

/** A pod whose lease makes no sense to us (of another version, perhaps) is as good as none. */
function readLease(doc: string): PodLease | undefined {
  try {
    return parse(podLeaseSchema, JSON.parse(doc));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof SchemaError) return undefined;
    throw error;
  }
}

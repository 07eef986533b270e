import type { Redis } from 'ioredis';
import { redisCall } from '../redis-connection';
import type { TriggerLeases } from './trigger-leases';

/*
 *   <prefix>:trigger-lease:<id>   the id of the pod that runs it; expires
 */

const HOLD = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

export class RedisTriggerLeases implements TriggerLeases {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #podId: string;

  /** @param podId unique to this process */
  constructor({ redis, prefix, podId }: { redis: Redis; prefix: string; podId: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#podId = podId;
  }

  async hold(triggerId: string, forMs: number): Promise<boolean> {
    return (await redisCall(() => this.#redis.eval(HOLD, 1, this.#key(triggerId), this.#podId, forMs))) === 1;
  }

  async release(triggerId: string): Promise<void> {
    await redisCall(() => this.#redis.eval(RELEASE, 1, this.#key(triggerId), this.#podId));
  }

  #key(triggerId: string): string {
    return `${this.#prefix}:trigger-lease:${triggerId}`;
  }
}

import type { Redis } from 'ioredis';
import { redisCall } from '../redis-connection';
import type { AsyncKeys } from './async-keys';
import { Chain } from './chain';

/** The secret that all pods sign the depth of chains with; made by the first one that needs it. */
export class RedisChainSecret {
  readonly #redis: Redis;
  readonly #keys: AsyncKeys;
  readonly #random: (bytes: number) => Buffer;
  #chain: Chain | undefined;

  constructor({ redis, keys, random }: { redis: Redis; keys: AsyncKeys; random: (bytes: number) => Buffer }) {
    this.#redis = redis;
    this.#keys = keys;
    this.#random = random;
  }

  /** Known once it was loaded. */
  get known(): Chain | undefined {
    return this.#chain;
  }

  /** @throws ServiceError STORE_UNAVAILABLE */
  async load(): Promise<Chain> {
    if (this.#chain !== undefined) return this.#chain;
    const key = this.#keys.chainSecret;
    await redisCall(() => this.#redis.set(key, this.#random(32).toString('base64'), 'NX'));
    const secret = await redisCall(() => this.#redis.get(key));
    this.#chain = new Chain(Buffer.from(secret ?? '', 'base64'));
    return this.#chain;
  }
}

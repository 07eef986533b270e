import type { Redis } from 'ioredis';
import { redisCall } from '../redis-connection';

/*
 *   <prefix>:package-holders:<sha256>   set of the ids of pods that have the package on their disk
 * A hint that saves questions, not a truth: a disk may have lost what is said here, and have what is not.
 */

/** Packages per round trip. */
const PER_PIPELINE = 500;

export class RedisPackageHolders {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: { redis: Redis; prefix: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** @throws ServiceError STORE_UNAVAILABLE */
  async add(podId: string, sha256s: readonly string[]): Promise<void> {
    for (let from = 0; from < sha256s.length; from += PER_PIPELINE) {
      const pipeline = this.#redis.pipeline();
      for (const sha256 of sha256s.slice(from, from + PER_PIPELINE)) pipeline.sadd(this.#key(sha256), podId);
      await redisCall(() => pipeline.exec());
    }
  }

  async remove(podId: string, sha256: string): Promise<void> {
    await redisCall(() => this.#redis.srem(this.#key(sha256), podId));
  }

  /** Ids of pods, dead ones too. */
  of(sha256: string): Promise<string[]> {
    return redisCall(() => this.#redis.smembers(this.#key(sha256)));
  }

  #key(sha256: string): string {
    return `${this.#prefix}:package-holders:${sha256}`;
  }
}

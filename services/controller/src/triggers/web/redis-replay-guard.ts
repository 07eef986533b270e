import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { redisCall } from '../../redis-connection';
import type { ReplayGuard } from './replay-guard';
import { SIGNATURE_WINDOW_S } from './signature';

/*
 *   <prefix>:trigger-nonce:<id>:<sha256 of the signed request>   1; expires when its signature cannot be good any more
 */

export class RedisReplayGuard implements ReplayGuard {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: { redis: Redis; prefix: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async isNew(triggerId: string, fingerprint: string): Promise<boolean> {
    const hash = createHash('sha256').update(fingerprint).digest('hex');
    const key = `${this.#prefix}:trigger-nonce:${triggerId}:${hash}`;
    // Twice the window: the sender's clock may be ahead by one.
    return (await redisCall(() => this.#redis.set(key, '1', 'EX', 2 * SIGNATURE_WINDOW_S, 'NX'))) === 'OK';
  }
}

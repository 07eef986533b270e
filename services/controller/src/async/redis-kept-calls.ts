import type { Redis } from 'ioredis';
import { ServiceError } from '@easyfaas/service-kit';
import type { KeptAnswer, KeptCalls, KeyedCall } from '../invoke/kept-calls';
import { redisCall } from '../redis-connection';
import type { AsyncKeys } from './async-keys';
import { type ScriptArgument, callScript, defineScripts } from './async-redis';
import type { ScriptName } from './async-scripts';

/** As long as keys of events. */
const KEPT_MS = 24 * 3600 * 1000;

/** Answers to synchronous calls under a key, in Redis. */
export class RedisKeptCalls implements KeptCalls {
  readonly #redis: Redis;
  readonly #keys: AsyncKeys;
  readonly #limitBytes: number;

  /** @param limitBytes of a body that is kept */
  constructor({ redis, keys, limitBytes }: { redis: Redis; keys: AsyncKeys; limitBytes: number }) {
    this.#redis = redis;
    this.#keys = keys;
    this.#limitBytes = limitBytes;
    defineScripts(redis);
  }

  async claim(call: KeyedCall): Promise<KeptAnswer | undefined> {
    const answer = await this.#run('asyncClaimCall', call, [call.fingerprint, call.requestId, call.leaseMs]);
    const [word, id, bytes, headers, body] = answer as Buffer[];
    switch (String(word)) {
      case 'new':
        return undefined;
      case 'other':
        throw new ServiceError(
          'IDEMPOTENCY_MISMATCH',
          `This Idempotency-Key was used with another request (${String(id)}); use a new one.`,
        );
      case 'running':
        throw new ServiceError(
          'IDEMPOTENCY_IN_FLIGHT',
          `The call with this Idempotency-Key (${String(id)}) is still running; repeat it soon.`,
          {
            headers: { 'Retry-After': '1' },
          },
        );
    }
    if (body !== undefined && body.length === Number(bytes)) return { headers: JSON.parse(String(headers)) as string[], body };
    const text = `The call with this Idempotency-Key (${String(id)}) has ended; its answer of ${String(bytes)} bytes was over what is kept (EASYFAAS_ASYNC_RESULT_KB).`;
    throw new ServiceError('INVOCATION_ENDED', text);
  }

  async keep(call: KeyedCall, { headers, body }: KeptAnswer): Promise<void> {
    const kept = body.length > this.#limitBytes ? '' : body;
    const fields = ['bytes', body.length, 'headers', JSON.stringify(headers), 'body', kept];
    await this.#run('asyncKeepCall', call, [call.requestId, KEPT_MS, ...fields]);
  }

  async release(call: KeyedCall): Promise<void> {
    await this.#run('asyncReleaseCall', call, [call.requestId]);
  }

  #run(script: ScriptName, { accountId, functionName, idempotencyKey }: KeyedCall, args: readonly ScriptArgument[]): Promise<unknown> {
    const key = this.#keys.keptCall(accountId, functionName, idempotencyKey);
    return redisCall(() => callScript(this.#redis, `${script}Buffer`, [key, ...args]));
  }
}

import type { Redis } from 'ioredis';
import type { Clock } from '@easyfaas/service-kit';
import { redisCall } from '../redis-connection';
import type { AsyncKeys } from './async-keys';
import { DEFAULT_EVENT_INVOKE_CONFIG, type EventInvokeConfig, type EventInvokeConfigStore } from './event-invoke-config';

/** How old a configuration may be that an event is judged by, ms. */
const FRESH_MS = 2000;

/** Event-invoke configurations in Redis, with a short memory for those who ask at every event. */
export class RedisEventInvokeConfigs implements EventInvokeConfigStore {
  readonly #redis: Redis;
  readonly #keys: AsyncKeys;
  readonly #clock: Clock;
  readonly #recent = new Map<string, { config: EventInvokeConfig; untilMs: number }>();

  constructor({ redis, keys, clock }: { redis: Redis; keys: AsyncKeys; clock: Clock }) {
    this.#redis = redis;
    this.#keys = keys;
    this.#clock = clock;
  }

  async get(accountId: string, functionName: string): Promise<EventInvokeConfig | undefined> {
    const text = await redisCall(() => this.#redis.hget(this.#keys.config(accountId), functionName));
    return text === null ? undefined : (JSON.parse(text) as EventInvokeConfig);
  }

  async put(accountId: string, functionName: string, config: EventInvokeConfig): Promise<void> {
    await redisCall(() => this.#redis.hset(this.#keys.config(accountId), functionName, JSON.stringify(config)));
    this.#recent.delete(`${accountId}.${functionName}`);
  }

  async delete(accountId: string, functionName: string): Promise<boolean> {
    this.#recent.delete(`${accountId}.${functionName}`);
    return (await redisCall(() => this.#redis.hdel(this.#keys.config(accountId), functionName))) === 1;
  }

  /** What holds for a function's events; the last one known while Redis is away. */
  async effective(accountId: string, functionName: string): Promise<EventInvokeConfig> {
    const key = `${accountId}.${functionName}`;
    const known = this.#recent.get(key);
    const nowMs = this.#clock.monotonicMs();
    if (known !== undefined && known.untilMs > nowMs) return known.config;
    try {
      const config = (await this.get(accountId, functionName)) ?? DEFAULT_EVENT_INVOKE_CONFIG;
      if (this.#recent.size > 10_000) this.#recent.clear();
      this.#recent.set(key, { config, untilMs: nowMs + FRESH_MS });
      return config;
    } catch (error) {
      if (known !== undefined) return known.config;
      throw error;
    }
  }
}

import type { Redis } from 'ioredis';
import type { Clock } from '@easyfaas/service-kit';
import { LATEST } from '../functions/function-name';
import { redisCall } from '../redis-connection';
import type { AsyncKeys } from './async-keys';
import {
  DEFAULT_EVENT_INVOKE_CONFIG,
  type EventInvokeConfig,
  type EventInvokeConfigKey,
  type EventInvokeConfigStore,
  type StoredEventInvokeConfig,
} from './event-invoke-config';

/** How old a configuration may be that an event is judged by, ms. */
const FRESH_MS = 2000;

/** Event-invoke configurations in Redis, with a short memory for those who ask at every event. */
export class RedisEventInvokeConfigs implements EventInvokeConfigStore {
  readonly #redis: Redis;
  readonly #keys: AsyncKeys;
  readonly #clock: Clock;
  readonly #recent = new Map<string, { config: EventInvokeConfig; untilMs: number }>();
  /** Counts the changes told of: what was being read meanwhile may be old, and is not remembered. */
  #changes = 0;

  constructor({ redis, keys, clock }: { redis: Redis; keys: AsyncKeys; clock: Clock }) {
    this.#redis = redis;
    this.#keys = keys;
    this.#clock = clock;
  }

  async get({ accountId, ...key }: EventInvokeConfigKey): Promise<StoredEventInvokeConfig | undefined> {
    const text = await redisCall(() => this.#redis.hget(this.#keys.config(accountId), fieldOf(key)));
    return text === null ? undefined : readConfig(text);
  }

  async ofFunction(accountId: string, functionName: string): Promise<Map<string, StoredEventInvokeConfig>> {
    const all = await redisCall(() => this.#redis.hgetall(this.#keys.config(accountId)));
    const found = Object.entries(all).flatMap(([field, text]): [string, StoredEventInvokeConfig][] => {
      const [name, qualifier = LATEST] = field.split(':');
      return name === functionName ? [[qualifier, readConfig(text)]] : [];
    });
    return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async put({ accountId, ...key }: EventInvokeConfigKey, config: StoredEventInvokeConfig): Promise<void> {
    await redisCall(() => this.#redis.hset(this.#keys.config(accountId), fieldOf(key), JSON.stringify(config)));
    this.forget();
  }

  async delete({ accountId, ...key }: EventInvokeConfigKey): Promise<boolean> {
    const wasThere = (await redisCall(() => this.#redis.hdel(this.#keys.config(accountId), fieldOf(key)))) === 1;
    this.forget();
    return wasThere;
  }

  /** The next to ask reads anew: something was changed, or a function was deleted together with its configurations. */
  forget(): void {
    this.#changes += 1;
    this.#recent.clear();
  }

  /** What {@link effective} would say, when that is in memory. */
  known({ accountId, functionName, qualifier }: EventInvokeConfigKey): EventInvokeConfig | undefined {
    const known = this.#recent.get(`${accountId}.${functionName}:${qualifier}`);
    return known !== undefined && known.untilMs > this.#clock.monotonicMs() ? known.config : undefined;
  }

  /** What holds for the events of a function, version or alias: its own, else the function's; the last one known while Redis is away. */
  async effective(key: EventInvokeConfigKey): Promise<EventInvokeConfig> {
    const name = `${key.accountId}.${key.functionName}:${key.qualifier}`;
    const known = this.#recent.get(name);
    const nowMs = this.#clock.monotonicMs();
    if (known !== undefined && known.untilMs > nowMs) return known.config;
    const changes = this.#changes;
    try {
      const config = { ...DEFAULT_EVENT_INVOKE_CONFIG, ...(await this.#nearest(key)) };
      if (this.#recent.size > 10_000) this.#recent.clear();
      if (changes === this.#changes) this.#recent.set(name, { config, untilMs: nowMs + FRESH_MS });
      return config;
    } catch (error) {
      if (known !== undefined) return known.config;
      throw error;
    }
  }

  async #nearest({ accountId, functionName, qualifier }: EventInvokeConfigKey): Promise<StoredEventInvokeConfig | undefined> {
    const fields = [fieldOf({ functionName, qualifier }), functionName];
    const [own, ofFunction] = await redisCall(() => this.#redis.hmget(this.#keys.config(accountId), ...fields));
    const text = own ?? ofFunction;
    return typeof text === 'string' ? readConfig(text) : undefined;
  }
}

function fieldOf({ functionName, qualifier }: Omit<EventInvokeConfigKey, 'accountId'>): string {
  return qualifier === LATEST ? functionName : `${functionName}:${qualifier}`;
}

function readConfig(text: string): StoredEventInvokeConfig {
  return JSON.parse(text) as StoredEventInvokeConfig;
}

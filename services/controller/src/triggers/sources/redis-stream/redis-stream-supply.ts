import type { Redis } from 'ioredis';
import { redisCall } from '../../../redis-connection';
import type { MessageSupply, TakenMessage } from '../../messages/message-supply';

export interface RedisStreamSupplyOptions {
  redis: Redis;
  key: string;
  group: string;
  /** Of this pod. */
  consumer: string;
  /** Field that holds the message. */
  field: string;
  startsAt: 'latest' | 'earliest';
  claimAfterMs: number;
  monotonicMs: () => number;
}

type Entry = [id: Buffer, fields: Buffer[] | null];

/** Messages of a stream, through a consumer group. What another consumer, or an earlier try, left is taken over after a while. */
export class RedisStreamSupply implements MessageSupply {
  readonly #options: RedisStreamSupplyOptions;
  #hasGroup = false;
  #claimedAtMs = -Infinity;

  constructor(options: RedisStreamSupplyOptions) {
    this.#options = options;
  }

  async take(limit: number): Promise<TakenMessage[]> {
    await this.#makeGroup();
    const claimed = await this.#claim(limit);
    if (claimed.length > 0) return claimed;
    const { redis, key, group, consumer } = this.#options;
    const answer = await this.#call(() => redis.xreadgroupBuffer('GROUP', group, consumer, 'COUNT', limit, 'STREAMS', key, '>'));
    const streams = (answer ?? []) as unknown as [Buffer, Entry[]][];
    return (streams[0]?.[1] ?? []).map((entry) => this.#message(entry, 1));
  }

  async settle(messages: readonly TakenMessage[]): Promise<void> {
    const { redis, key, group } = this.#options;
    await this.#call(() => redis.xack(key, group, ...messages.map(({ messageId }) => messageId)));
  }

  /** They stay pending; taken over like those of a consumer that is gone. */
  giveBack(): Promise<void> {
    return Promise.resolve();
  }

  /** JUSTID: the time since when they are pending begins anew, the number of deliveries stays. */
  async keep(messages: readonly TakenMessage[]): Promise<void> {
    const { redis, key, group, consumer } = this.#options;
    await this.#call(() => redis.xclaim(key, group, consumer, 0, ...messages.map(({ messageId }) => messageId), 'JUSTID'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #claim(limit: number): Promise<TakenMessage[]> {
    const { redis, key, group, consumer, claimAfterMs, monotonicMs } = this.#options;
    if (monotonicMs() - this.#claimedAtMs < Math.min(1000, claimAfterMs / 4)) return [];
    const answer = await this.#call(() => redis.callBuffer('XAUTOCLAIM', key, group, consumer, claimAfterMs, '0-0', 'COUNT', limit));
    const entries = ((answer as [Buffer, Entry[]] | null)?.[1] ?? []).filter(([, fields]) => fields !== null);
    if (entries.length < limit) this.#claimedAtMs = monotonicMs();
    return Promise.all(entries.map(async (entry) => this.#message(entry, await this.#deliveries(String(entry[0])))));
  }

  async #deliveries(messageId: string): Promise<number> {
    const { redis, key, group } = this.#options;
    const [pending] = (await this.#call(() => redis.xpending(key, group, messageId, messageId, 1))) as [string, string, number, number][];
    return pending?.[3] ?? 1;
  }

  #message([id, fields]: Entry, attempt: number): TakenMessage {
    const values = new Map<string, Buffer>();
    for (let at = 0; at + 1 < (fields ?? []).length; at += 2) values.set(String(fields?.[at]), fields?.[at + 1] as Buffer);
    const bytes = values.get(this.#options.field);
    values.delete(this.#options.field);
    const attributes = [...values].slice(0, 32).map(([name, value]) => [name, value.toString().slice(0, 1024)] as const);
    return { messageId: id.toString(), bytes, attempt, attributes: Object.fromEntries(attributes) };
  }

  async #makeGroup(): Promise<void> {
    if (this.#hasGroup) return;
    const { redis, key, group, startsAt } = this.#options;
    const start = startsAt === 'earliest' ? '0' : '$';
    await redisCall(async () => {
      await redis.xgroup('CREATE', key, group, start, 'MKSTREAM').catch((error: unknown) => {
        if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
      });
    });
    this.#hasGroup = true;
  }

  /** A stream that was deleted takes its group along: it is made again. */
  async #call<T>(command: () => Promise<T>): Promise<T> {
    return redisCall(async () => {
      try {
        return await command();
      } catch (error) {
        if (error instanceof Error && error.message.startsWith('NOGROUP')) this.#hasGroup = false;
        throw error;
      }
    });
  }
}

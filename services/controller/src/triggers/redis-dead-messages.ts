import type { Redis } from 'ioredis';
import { TRIGGER_LIMITS } from '@easyfaas/contracts/wire';
import { redisCall } from '../redis-connection';
import type { DeadMessages, KeptDeadMessage } from './dead-messages';
import type { DeadMessage } from './source';

/*
 *   <prefix>:trigger-dead-letters:<account>:<id>   stream {messageId, reason, contentType, isCut, payload}
 */

/** The last so many are kept, and of each payload so much. */
const KEPT_PAYLOAD_BYTES = TRIGGER_LIMITS.eventBytes;

export class RedisDeadMessages implements DeadMessages {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: { redis: Redis; prefix: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async add(accountId: string, triggerId: string, { messageId, payload, contentType, reason }: DeadMessage): Promise<void> {
    const key = this.#key(accountId, triggerId);
    const kept = payload.subarray(0, KEPT_PAYLOAD_BYTES);
    const isCut = kept.length < payload.length;
    await redisCall(() =>
      this.#redis.xadd(
        key,
        'MAXLEN',
        '~',
        TRIGGER_LIMITS.deadLetters,
        '*',
        'messageId',
        messageId,
        'reason',
        isCut ? `${reason} (${payload.length} bytes, the first ${kept.length} are kept)` : reason,
        'contentType',
        contentType,
        'isCut',
        isCut ? '1' : '0',
        'payload',
        kept,
      ),
    );
  }

  async list(accountId: string, triggerId: string, { marker, limit }: { marker?: string; limit: number }): Promise<KeptDeadMessage[]> {
    const from = marker === undefined ? '-' : `(${marker}`;
    const entries = await redisCall(() => this.#redis.xrangeBuffer(this.#key(accountId, triggerId), from, '+', 'COUNT', limit));
    return entries.map(([id, fields]) => read(id.toString(), fields));
  }

  async read(accountId: string, triggerId: string, deadLetterId: string): Promise<KeptDeadMessage | undefined> {
    const entries = await redisCall(() => this.#redis.xrangeBuffer(this.#key(accountId, triggerId), deadLetterId, deadLetterId));
    const [entry] = entries.map(([id, fields]) => read(id.toString(), fields));
    return entry;
  }

  async remove(accountId: string, triggerId: string, deadLetterIds: readonly string[]): Promise<number> {
    if (deadLetterIds.length === 0) return 0;
    return redisCall(() => this.#redis.xdel(this.#key(accountId, triggerId), ...deadLetterIds));
  }

  async purge(accountId: string, triggerId: string): Promise<number> {
    return redisCall(() => this.#redis.xtrim(this.#key(accountId, triggerId), 'MAXLEN', 0));
  }

  #key(accountId: string, triggerId: string): string {
    return `${this.#prefix}:trigger-dead-letters:${accountId}:${triggerId}`;
  }
}

function read(deadLetterId: string, fields: Buffer[]): KeptDeadMessage {
  const values = new Map<string, Buffer>();
  for (let at = 0; at + 1 < fields.length; at += 2) values.set(String(fields[at]), fields[at + 1] as Buffer);
  const text = (name: string): string => values.get(name)?.toString() ?? '';
  return {
    deadLetterId,
    at: new Date(Number(deadLetterId.split('-')[0])).toISOString(),
    messageId: text('messageId'),
    reason: text('reason'),
    contentType: text('contentType'),
    isCut: text('isCut') === '1',
    payload: values.get('payload') ?? Buffer.alloc(0),
  };
}

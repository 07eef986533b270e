import type { Redis } from 'ioredis';
import { type Clock, Counter, type Logger, type Registry, ServiceError } from '@easyfaas/service-kit';
import type { CallRequest } from '../invoke/call';
import { redisCall } from '../redis-connection';
import type { KeptPayloadSettings } from './env';
import type { KeptPayload, KeptPayloads } from './kept-payloads';

export interface RedisKeptPayloadsOptions {
  redis: Redis;
  prefix: string;
  clock: Clock;
  logger: Logger;
  registry: Registry;
  settings: KeptPayloadSettings;
}

/** How long payloads gather before they are written. */
const FLUSH_MS = 100;
/** Keys of one command: there may be a million of them. */
const TOGETHER = 1000;
/** What may wait for Redis, or be on its way to it, bytes. */
const WAITING_BYTES = 8 * 1024 * 1024;

interface Waiting {
  accountId: string;
  requestId: string;
  functionName: string;
  bytes: Buffer;
}

/**
 * Payloads in Redis: `<prefix>:payload:<account>:<request id>` a line of JSON and behind it the payload as it was,
 * `<prefix>:payloads:<account>:<function>` a list of the ids, oldest first.
 */
export class RedisKeptPayloads implements KeptPayloads {
  readonly #options: RedisKeptPayloadsOptions;
  readonly #dropped: Counter;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isScheduled = false;
  #written: Promise<void> = Promise.resolve();

  constructor(options: RedisKeptPayloadsOptions) {
    this.#options = options;
    this.#dropped = new Counter({
      name: 'easyfaas_payloads_dropped_total',
      help: 'Payloads of synchronous calls that were to be kept and that Redis did not take.',
      registers: [options.registry],
    });
  }

  add({ requestId, stored, payload, contentType, clientContext }: CallRequest): void {
    const { settings, clock } = this.#options;
    if (payload.bytes > settings.limitBytes || settings.perFunction === 0) return;
    if (this.#waitingBytes + payload.bytes > WAITING_BYTES) return this.#dropped.inc();
    const { FunctionName: functionName, Version: version } = stored.configuration;
    const head = Buffer.from(`${JSON.stringify({ functionName, version, contentType, clientContext })}\n`);
    const bytes = Buffer.concat([head, ...payload.chunks]);
    this.#waiting.push({ accountId: stored.accountId, requestId, functionName, bytes });
    this.#waitingBytes += bytes.length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    clock.after(FLUSH_MS, () => {
      this.#isScheduled = false;
      void this.flush();
    });
  }

  async find(accountId: string, requestId: string): Promise<KeptPayload | undefined> {
    const waiting = this.#waiting.find((each) => each.requestId === requestId && each.accountId === accountId);
    const bytes = waiting?.bytes ?? (await redisCall(() => this.#options.redis.getBuffer(this.#key(accountId, requestId))));
    return bytes === null ? undefined : readKept(bytes);
  }

  async forget(accountId: string, functionName: string): Promise<void> {
    const isGone = (each: Waiting): boolean => each.accountId === accountId && each.functionName === functionName;
    this.#waitingBytes -= bytesOf(this.#waiting.filter(isGone));
    this.#waiting = this.#waiting.filter((each) => !isGone(each));
    // What is on its way is in the list afterwards.
    await this.#written;
    const list = this.#list(accountId, functionName);
    const ids = await redisCall(() => this.#options.redis.lrange(list, 0, -1));
    await this.#unlink(accountId, ids);
    await redisCall(() => this.#options.redis.ltrim(list, ids.length, -1));
  }

  /** Writes what waits, after what is on its way. Never throws: what cannot be written is dropped and counted. */
  flush(): Promise<void> {
    this.#written = this.#written.then(() => this.#writeAll());
    return this.#written;
  }

  async #writeAll(): Promise<void> {
    const taken = this.#waiting;
    this.#waiting = [];
    try {
      await this.#write(taken);
    } catch (error) {
      this.#dropped.inc(taken.length);
      this.#options.logger.warn('payloads could not be kept', { count: taken.length, error });
    }
    this.#waitingBytes -= bytesOf(taken);
  }

  async #write(taken: readonly Waiting[]): Promise<void> {
    if (taken.length === 0) return;
    const { redis, settings } = this.#options;
    const pipeline = redis.pipeline();
    for (const { accountId, requestId, functionName, bytes } of taken) {
      const list = this.#list(accountId, functionName);
      pipeline.set(this.#key(accountId, requestId), bytes, 'EX', settings.keptS).rpush(list, requestId).expire(list, settings.keptS);
    }
    const results = (await redisCall(() => pipeline.exec())) ?? [];
    const failed = results.find(([error]) => error !== null)?.[0];
    if (failed !== undefined && failed !== null) {
      throw new ServiceError('STORE_UNAVAILABLE', 'Redis did not take the payloads.', { cause: failed });
    }
    const lengths = new Map<string, { accountId: string; length: number }>();
    taken.forEach(({ accountId, functionName }, at) => {
      lengths.set(this.#list(accountId, functionName), { accountId, length: Number(results[at * 3 + 1]?.[1]) });
    });
    for (const [list, { accountId, length }] of lengths) await this.#trim(list, accountId, length - settings.perFunction);
  }

  /** The oldest ones give way. */
  async #trim(list: string, accountId: string, surplus: number): Promise<void> {
    const { redis } = this.#options;
    if (surplus <= 0) return;
    const oldest = (await redisCall(() => redis.lpop(list, surplus))) ?? [];
    await this.#unlink(accountId, oldest);
  }

  async #unlink(accountId: string, ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += TOGETHER) {
      const keys = ids.slice(at, at + TOGETHER).map((id) => this.#key(accountId, id));
      await redisCall(() => this.#options.redis.unlink(...keys));
    }
  }

  #key(accountId: string, requestId: string): string {
    return `${this.#options.prefix}:payload:${accountId}:${requestId}`;
  }

  #list(accountId: string, functionName: string): string {
    return `${this.#options.prefix}:payloads:${accountId}:${functionName}`;
  }
}

function bytesOf(waiting: readonly Waiting[]): number {
  return waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function readKept(bytes: Buffer): KeptPayload {
  const end = bytes.indexOf('\n');
  const head = JSON.parse(bytes.toString('utf8', 0, end)) as Omit<KeptPayload, 'payload'>;
  return { ...head, payload: bytes.subarray(end + 1) };
}

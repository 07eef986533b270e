import { createHash, randomUUID } from 'node:crypto';
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { type RedisConnectionOptions, addressOf, redisCall } from '../../../redis-connection';
import type { DeadMessage } from '../../source';
import type { MessageSupply, TakenMessage } from '../../messages/message-supply';

export interface RedisQueueSupplyOptions {
  address: RedisConnectionOptions;
  /** For what BullMQ cannot do: removing jobs that it cannot read. */
  redis: Redis;
  prefix: string;
  queue: string;
  /** Keeps a job whose data are not even JSON. */
  bury: (message: DeadMessage) => Promise<void>;
  onError: (error: unknown) => void;
  wallMs: () => number;
}

const LOCK_MS = 30_000;
const STALLED_CHECK_MS = 15_000;
/** Losing a worker says nothing about a job: attempts are counted by the trigger. */
const STALLED_MAX = 1000;
/** How long a job that failed rests, ms: doubled with each attempt. */
const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;

/** Jobs that other programs add to a BullMQ queue. */
export class RedisQueueSupply implements MessageSupply {
  readonly #options: RedisQueueSupplyOptions;
  readonly #worker: Worker;
  readonly #token = randomUUID();
  readonly #jobs = new Map<string, Job>();

  constructor(options: RedisQueueSupplyOptions) {
    this.#options = options;
    const { address, prefix, queue, onError } = options;
    const { url, username, password } = address;
    this.#worker = new Worker(queue, null, {
      prefix,
      autorun: false,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: STALLED_MAX,
      connection: {
        ...addressOf(url),
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        maxRetriesPerRequest: null,
      },
    });
    this.#worker.on('error', onError);
    this.#worker.startStalledCheckTimer().catch(onError);
  }

  async take(limit: number): Promise<TakenMessage[]> {
    const taken: TakenMessage[] = [];
    while (taken.length < limit) {
      let job: Job | undefined;
      try {
        job = await this.#worker.getNextJob(this.#token, { block: false });
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        await this.#removeUnreadable();
        continue;
      }
      if (job?.id === undefined) break;
      this.#jobs.set(job.id, job);
      taken.push({
        messageId: job.id,
        // Numbers begin anew when a queue is emptied.
        eventId: createHash('sha256').update(`${job.id}\0${job.timestamp}`).digest('hex'),
        bytes: Buffer.from(JSON.stringify(job.data ?? null)),
        attempt: job.attemptsStarted,
        attributes: { name: String(job.name).slice(0, 256), timestamp: String(job.timestamp) },
      });
    }
    return taken;
  }

  async settle(messages: readonly TakenMessage[]): Promise<void> {
    await Promise.all(messages.map(async ({ messageId }) => this.#take(messageId)?.moveToCompleted('taken', this.#token, false)));
  }

  async giveBack(messages: readonly TakenMessage[]): Promise<void> {
    const nowMs = this.#options.wallMs();
    await Promise.all(
      messages.map(async ({ messageId, attempt }) => {
        const delayMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (attempt - 1));
        return this.#take(messageId)?.moveToDelayed(nowMs + delayMs, this.#token);
      }),
    );
  }

  async keep(messages: readonly TakenMessage[]): Promise<void> {
    await Promise.all(messages.map(async ({ messageId }) => this.#jobs.get(messageId)?.extendLock(this.#token, LOCK_MS)));
  }

  async close(): Promise<void> {
    await this.#worker.close(true);
  }

  #take(messageId: string): Job | undefined {
    const job = this.#jobs.get(messageId);
    this.#jobs.delete(messageId);
    return job;
  }

  /** Jobs that someone wrote past BullMQ: it takes them, cannot read them, and would take them again and again. */
  async #removeUnreadable(): Promise<void> {
    const { redis, prefix, queue, bury } = this.#options;
    const root = `${prefix}:${queue}`;
    for (const jobId of await redisCall(() => redis.lrange(`${root}:active`, 0, -1))) {
      const data = await redisCall(() => redis.hgetBuffer(`${root}:${jobId}`, 'data'));
      if (data === null || isJson(data)) continue;
      await bury({ messageId: jobId, payload: data, contentType: 'application/octet-stream', reason: 'The data of the job are not JSON.' });
      await redisCall(() => redis.lrem(`${root}:active`, 0, jobId));
      await redisCall(() => redis.del(`${root}:${jobId}`, `${root}:${jobId}:lock`));
    }
  }
}

function isJson(data: Buffer): boolean {
  try {
    JSON.parse(data.toString());
    return true;
  } catch {
    return false;
  }
}

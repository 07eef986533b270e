import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { queueCall } from '../async-redis';
import { queuesPrefix } from '../queues-prefix';

export interface QueuedRecord {
  accountId: string;
  /** Of the queue. */
  name: string;
  /** JSON. */
  data: unknown;
  /** The same one is added once. */
  jobId: string;
}

/** Adds records to BullMQ queues, as any other program could. */
export class RedisQueueDestination {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: { redis: Redis; prefix: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** Settles when Redis has it. @throws ServiceError QUEUE_UNAVAILABLE */
  async add({ accountId, name, data, jobId }: QueuedRecord): Promise<void> {
    const queue = new Queue(name, {
      prefix: queuesPrefix(this.#prefix, accountId),
      connection: this.#redis,
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    try {
      await queueCall(() => queue.add('record', data, { jobId }));
    } finally {
      await queue.close();
    }
  }
}

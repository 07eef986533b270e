import { type JobJson, type RedisQueueBackend, createRedisBackend } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from '@easyfaas/service-kit';
import { jobIdOf, queueName, requestIdOf } from './async-keys';
import { queueCall, queueFailure } from './async-redis';

export interface RedisEventQueuesOptions {
  redis: Redis;
  /** Of BullMQ's keys, with a hash tag. */
  queuePrefix: string;
  logger: Logger;
}

/** How long a worker that does not renew keeps an event, ms. Short: it is how long a crash delays the events that were running. */
export const LOCK_MS = 10_000;
/** How often events of lost workers are looked for, ms. */
export const STALLED_CHECK_MS = 5000;
/** A worker that is lost says nothing about the event: never given up for that. Attempts are counted in the event itself. */
const STALLED_MAX = 1000;

/**
 * A BullMQ queue per function, all on one connection. BullMQ's Worker is not used: it would hold a blocking connection per
 * function, and would take events while its pod has no room. Its backend has the operations that Worker itself uses; those of
 * every event are part of our own scripts, see bullmq-moves.ts.
 */
export class RedisEventQueues {
  readonly #options: RedisEventQueuesOptions;
  readonly #byName = new Map<string, RedisQueueBackend>();
  #base: Promise<RedisQueueBackend> | undefined;
  #wasReady = false;

  constructor(options: RedisEventQueuesOptions) {
    this.#options = options;
  }

  /** Gives an event a job again. @throws ServiceError QUEUE_UNAVAILABLE, QUEUE_FULL */
  async add(event: QueuedEvent, nowMs: number): Promise<void> {
    const queue = this.#of(await this.#ready(), event);
    await queueCall(() => queue.addJob(jobOf(event, nowMs), jobIdOf(event.requestId)));
  }

  /** The event is over: its job goes. @returns false when the lock was lost: somebody else has it */
  async finish(event: QueuedEvent, token: string): Promise<boolean> {
    const job = { id: jobIdOf(event.requestId), opts: { attempts: 0 } };
    return this.#withLock(event, (queue) =>
      queue.moveToCompleted(job as Parameters<typeof queue.moveToCompleted>[0], null, true, token, false),
    );
  }

  /** To be taken again at a time. @param dueMs milliseconds since the epoch */
  async postpone(event: QueuedEvent, token: string, dueMs: number, nowMs: number): Promise<boolean> {
    return this.#withLock(event, (queue) =>
      // From which moment on, and how long.
      queue.moveToDelayed(jobIdOf(event.requestId), nowMs, Math.max(0, dueMs - nowMs), token, { skipAttempt: true }),
    );
  }

  /** To be taken again at once. */
  async handBack(event: QueuedEvent, token: string): Promise<boolean> {
    return this.#withLock(event, (queue) => queue.moveJobFromActiveToWait(jobIdOf(event.requestId), token));
  }

  /** @returns ids of the events whose lock is lost */
  async renew(accountId: string, functionName: string, held: readonly { requestId: string; token: string }[]): Promise<string[]> {
    const queue = this.#of(await this.#ready(), { accountId, functionName });
    const ids = held.map(({ requestId }) => jobIdOf(requestId));
    const lost = await queueCall(() =>
      queue.extendLocks(
        ids,
        held.map(({ token }) => token),
        LOCK_MS,
      ),
    );
    return lost.map(requestIdOf);
  }

  /** Puts the events of lost workers back into the queue. @returns how many */
  async recoverStalled(accountId: string, functionName: string): Promise<number> {
    const queue = this.#of(await this.#ready(), { accountId, functionName });
    const recovered = await queueCall(() => queue.moveStalledJobsToWait());
    return recovered.length;
  }

  /** Removes an event that is not being run. */
  async remove({ accountId, functionName, requestId }: QueuedEvent): Promise<void> {
    const queue = this.#of(await this.#ready(), { accountId, functionName });
    await queueCall(() => queue.remove(jobIdOf(requestId), false));
  }

  async counts(accountId: string, functionName: string): Promise<QueueCounts> {
    const queue = this.#of(await this.#ready(), { accountId, functionName });
    const [wait = 0, prioritized = 0, delayed = 0, active = 0, failed = 0] = await queueCall(() =>
      queue.getCounts(['wait', 'prioritized', 'delayed', 'active', 'failed']),
    );
    return { waiting: wait + prioritized, delayed, running: active, failed };
  }

  /** Whether the event's job is in any list or set of its queue: BullMQ looks into each, the job's own hash does not count. */
  async has({ accountId, functionName, requestId }: QueuedEvent): Promise<boolean> {
    const queue = this.#of(await this.#ready(), { accountId, functionName });
    return (await queueCall(() => queue.getState(jobIdOf(requestId)))) !== 'unknown';
  }

  /** Ids of jobs that BullMQ gave up. */
  async failed(accountId: string, functionName: string): Promise<string[]> {
    const queue = this.#of(await this.#ready(), { accountId, functionName });
    const ranges = await queueCall(() => queue.getRanges(['failed'], 0, 99, true));
    return ranges.flat().map(requestIdOf);
  }

  async #withLock(event: QueuedEvent, move: (queue: RedisQueueBackend) => Promise<unknown>): Promise<boolean> {
    const queue = this.#of(await this.#ready(), event);
    try {
      await move(queue);
      return true;
    } catch (cause) {
      // BullMQ's own refusals have a code below 0: no such job, no such lock, somebody else's lock, not active.
      if (cause instanceof Error && 'code' in cause && typeof cause.code === 'number' && cause.code < 0) return false;
      throw queueFailure(cause);
    }
  }

  #of(base: RedisQueueBackend, { accountId, functionName }: Pick<QueuedEvent, 'accountId' | 'functionName'>): RedisQueueBackend {
    const name = queueName(accountId, functionName);
    let queue = this.#byName.get(name);
    if (queue === undefined) {
      queue = base.forQueue(name) as RedisQueueBackend;
      this.#byName.set(name, queue);
    }
    return queue;
  }

  /** BullMQ greets the server once; a failed greeting would hold for ever, so it is tried anew until it succeeds. */
  #ready(): Promise<RedisQueueBackend> {
    const { redis, queuePrefix, logger } = this.#options;
    if (this.#base !== undefined) return this.#base;
    // A connection that is being made for the first time is waited for; one that broke is not.
    const isOpening = !this.#wasReady && (redis.status === 'connecting' || redis.status === 'connect');
    if (redis.status !== 'ready' && !isOpening) return Promise.reject(queueFailure(new Error(`the connection is ${redis.status}`)));
    const options = {
      connection: redis,
      prefix: queuePrefix,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: STALLED_MAX,
    };
    const base = createRedisBackend('events', options);
    // The connection's own listener says so once per break.
    base.on('error', (error: Error) => logger.debug('queue connection failed', { error }));
    const opened = base.waitUntilReady().then(
      () => {
        this.#wasReady = true;
        return base;
      },
      (cause: unknown) => {
        this.#base = undefined;
        throw queueFailure(cause);
      },
    );
    this.#base = opened;
    return opened;
  }
}

export interface QueuedEvent {
  accountId: string;
  functionName: string;
  requestId: string;
}

export interface QueueCounts {
  waiting: number;
  delayed: number;
  running: number;
  failed: number;
}

function jobOf({ requestId }: QueuedEvent, nowMs: number): JobJson {
  return {
    id: jobIdOf(requestId),
    name: 'event',
    data: '{}',
    opts: { attempts: 0 },
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    timestamp: nowMs,
    failedReason: 'null',
    returnvalue: 'null',
    stalledCounter: 0,
  };
}

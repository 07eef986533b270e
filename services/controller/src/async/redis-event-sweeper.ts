import type { Redis } from 'ioredis';
import type { Clock, Logger } from '@easyfaas/service-kit';
import { type AsyncKeys, functionOfQueue } from './async-keys';
import type { AsyncMetrics } from './async-metrics';
import { queueCall } from './async-redis';
import type { EventConsumer } from './event-consumer';
import type { QueueCounts, RedisEventQueues } from './redis-event-queues';

export interface RedisEventSweeperDeps {
  redis: Redis;
  keys: AsyncKeys;
  queues: RedisEventQueues;
  consumer: Pick<EventConsumer, 'wake' | 'restart' | 'sinceTakenMs'>;
  clock: Clock;
  logger: Logger;
  metrics: AsyncMetrics;
}

const SWEEP_MS = 10_000;
const STALLED_MS = 5000;
/** After a sweep that failed, ms. */
const REPEAT_MS = 1000;
/** An event whose acceptance is younger may still be on its way into its queue, ms. */
const SETTLED_IN_MS = 15_000;
/** Open events of one function that are looked at in one sweep. */
const CHECKED_PER_SWEEP = 500;
/** Events that wait and are not taken for so long: something is wrong with whoever should take them, ms. */
const STARVED_MS = 15_000;
const FINAL = ['succeeded', 'failed', 'expired', 'cancelled'] as const;

/**
 * Puts right what should not happen: events of lost workers go back into their queue, events without a job get one, functions
 * whose events are not taken are started anew. Measures whether every accepted event is somewhere.
 */
export class RedisEventSweeper {
  readonly #deps: RedisEventSweeperDeps;
  readonly #cursors = new Map<string, number>();
  #cancels: (() => void)[] = [];
  #isStopped = false;
  readonly #running = new Set<Promise<void>>();

  constructor(deps: RedisEventSweeperDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#every(0, SWEEP_MS, () => this.sweep());
    this.#every(STALLED_MS, STALLED_MS, () => this.#recoverStalled());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#cancels) cancel();
    await Promise.all(this.#running);
  }

  /** @throws ServiceError QUEUE_UNAVAILABLE */
  async sweep(): Promise<void> {
    const names = await this.#functions();
    for (const name of names) await this.#sweepFunction(name);
    const first = await this.#measure(names);
    // An event may move between two questions: what is missing twice is missing.
    const figures = first.drift === 0 ? first : await this.#measure(await this.#functions());
    if (figures.drift !== 0) this.#deps.logger.warn('events are missing or too many', { ...figures });
    this.#deps.metrics.noteQueues(figures);
  }

  async #sweepFunction(name: string): Promise<void> {
    const { queues, consumer, redis, keys } = this.#deps;
    const { accountId, functionName } = functionOfQueue(name);
    await this.#giveJobs(accountId, functionName);
    for (const requestId of await queues.failed(accountId, functionName)) await this.#revive({ accountId, functionName, requestId });
    const { waiting } = await queues.counts(accountId, functionName);
    if (waiting > 0 && consumer.sinceTakenMs(accountId, functionName) > STARVED_MS) {
      if (consumer.restart(accountId, functionName)) this.#deps.metrics.noteRestart();
    } else consumer.wake(accountId, functionName);
    const open = await queueCall(() => redis.zcard(keys.open(accountId, functionName)));
    if (open === 0 && waiting === 0) await queueCall(() => redis.srem(keys.functions, name));
  }

  /** Accepted and not ended, but in no queue: whoever accepted it was lost in the middle, or BullMQ gave it up. */
  async #giveJobs(accountId: string, functionName: string): Promise<void> {
    const { redis, keys, queues, clock } = this.#deps;
    const key = keys.open(accountId, functionName);
    const offset = this.#cursors.get(key) ?? 0;
    const before = clock.wallMs() - SETTLED_IN_MS;
    const ids = await queueCall(() => redis.zrangebyscore(key, 0, before, 'LIMIT', offset, CHECKED_PER_SWEEP));
    if (ids.length === CHECKED_PER_SWEEP) this.#cursors.set(key, offset + ids.length);
    else this.#cursors.delete(key);
    const there = await Promise.all(ids.map((requestId) => queues.has({ accountId, functionName, requestId })));
    for (const [index, requestId] of ids.entries()) {
      if (there[index] === false) await this.#revive({ accountId, functionName, requestId });
    }
  }

  async #revive(event: { accountId: string; functionName: string; requestId: string }): Promise<void> {
    const { queues, clock, logger, redis, keys } = this.#deps;
    const status = await queueCall(() => redis.hget(keys.invocation(event.accountId, event.requestId), 'status'));
    const isOpen = status === 'accepted' || status === 'running';
    if (!isOpen) {
      await queueCall(() => redis.zrem(keys.open(event.accountId, event.functionName), event.requestId));
      return;
    }
    logger.warn('an event without a place in its queue gets one', event);
    await queues.remove(event);
    await queues.add(event, clock.wallMs());
  }

  async #recoverStalled(): Promise<void> {
    const { queues, consumer, logger } = this.#deps;
    for (const name of await this.#functions()) {
      const { accountId, functionName } = functionOfQueue(name);
      const recovered = await queues.recoverStalled(accountId, functionName);
      if (recovered === 0) continue;
      logger.warn('events of a lost worker are run again', { accountId, functionName, count: recovered });
      consumer.wake(accountId, functionName);
    }
  }

  async #measure(names: readonly string[]): Promise<QueueCounts & { drift: number }> {
    const { redis, keys, queues } = this.#deps;
    const sum: QueueCounts = { waiting: 0, delayed: 0, running: 0, failed: 0 };
    for (const name of names) {
      const { accountId, functionName } = functionOfQueue(name);
      const counts = await queues.counts(accountId, functionName);
      sum.waiting += counts.waiting;
      sum.delayed += counts.delayed;
      sum.running += counts.running;
      sum.failed += counts.failed;
    }
    const counters = await queueCall(() => redis.hgetall(keys.counters));
    const ended = FINAL.reduce((total, status) => total + Number(counters[status] ?? 0), 0);
    const drift = Number(counters['accepted'] ?? 0) - (sum.waiting + sum.delayed + sum.running + sum.failed + ended);
    return { ...sum, drift };
  }

  async #functions(): Promise<string[]> {
    return queueCall(() => this.#deps.redis.smembers(this.#deps.keys.functions));
  }

  #every(firstMs: number, intervalMs: number, work: () => Promise<void>): void {
    const { clock, logger } = this.#deps;
    const plan = (delayMs: number): void => {
      if (this.#isStopped) return;
      this.#cancels = this.#cancels.slice(-8);
      this.#cancels.push(
        clock.after(delayMs, () => {
          if (this.#isStopped) return;
          const running = work()
            .then(
              () => plan(intervalMs),
              (error: unknown) => {
                logger.debug('events could not be swept', { error });
                plan(REPEAT_MS);
              },
            )
            .finally(() => this.#running.delete(running));
          this.#running.add(running);
        }),
      );
    };
    plan(firstMs);
  }
}

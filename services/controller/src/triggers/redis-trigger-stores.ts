import type { Redis } from 'ioredis';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { RedisConnectionOptions } from '../redis-connection';
import type { RedisNotices } from '../redis-notices';
import { RedisDeadMessages } from './redis-dead-messages';
import { RedisTriggerLeases } from './redis-trigger-leases';
import { RedisTriggerStatus } from './redis-trigger-status';
import { RedisTriggerStore } from './redis-trigger-store';
import { unfinishedEvents } from './redis-unfinished-events';
import { RedisDueSet } from './sources/cron/redis-due-set';
import { QueueSource } from './sources/queue/queue-source';
import { RedisQueueSupply } from './sources/queue/redis-queue-supply';
import { RedisStreamSource } from './sources/redis-stream/redis-stream-source';
import { RedisReplayGuard } from './web/redis-replay-guard';

export interface TriggerStoresOptions {
  redis: Redis;
  notices: RedisNotices;
  prefix: string;
  podId: string;
  /** For sources that need connections of their own. */
  address: RedisConnectionOptions;
  clock: Clock;
  logger: Logger;
}

/** Everything that triggers keep in Redis. */
export function openTriggerStores(options: TriggerStoresOptions) {
  return {
    store: new RedisTriggerStore(options),
    status: new RedisTriggerStatus(options),
    deadMessages: new RedisDeadMessages(options),
    leases: new RedisTriggerLeases(options),
    dueSet: new RedisDueSet(options),
    replays: new RedisReplayGuard(options),
    redisStream: new RedisStreamSource(options),
    queue: new QueueSource({
      clock: options.clock,
      prefix: options.prefix,
      openQueue: ({ prefix, queue, port }) =>
        new RedisQueueSupply({
          address: options.address,
          redis: options.redis,
          prefix,
          queue,
          bury: (message) => port.bury(message),
          onError: (error) => port.fail(error),
          wallMs: () => options.clock.wallMs(),
        }),
    }),
    isUnfinished: unfinishedEvents(options.redis, options.prefix),
  };
}

export type TriggerStores = ReturnType<typeof openTriggerStores>;

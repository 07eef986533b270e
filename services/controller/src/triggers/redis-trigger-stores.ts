import type { Redis } from 'ioredis';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { RedisNotices } from '../redis-notices';
import { RedisDeadMessages } from './redis-dead-messages';
import { RedisTriggerLeases } from './redis-trigger-leases';
import { RedisTriggerStatus } from './redis-trigger-status';
import { RedisTriggerStore } from './redis-trigger-store';
import { unfinishedEvents } from './redis-unfinished-events';
import { RedisDueSet } from './sources/cron/redis-due-set';
import { RedisReplayGuard } from './web/redis-replay-guard';

export interface TriggerStoresOptions {
  redis: Redis;
  notices: RedisNotices;
  prefix: string;
  podId: string;
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
    isUnfinished: unfinishedEvents(options.redis, options.prefix),
  };
}

export type TriggerStores = ReturnType<typeof openTriggerStores>;

import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Clock, Logger } from '@easyfaas/service-kit';
import { type RedisConnectionOptions, connectRedis } from '../redis-connection';
import type { AsyncKeys } from './async-keys';
import type { AsyncSettings } from './env';
import { RedisChainSecret } from './redis-chain-secret';
import { RedisEventInvokeConfigs } from './redis-event-invoke-configs';
import { RedisEventQueues } from './redis-event-queues';
import { RedisEventStore } from './redis-event-store';
import { RedisKeptCalls } from './redis-kept-calls';

export interface EventStoresOptions {
  address: RedisConnectionOptions;
  keys: AsyncKeys;
  settings: AsyncSettings;
  clock: Clock;
  logger: Logger;
}

/** Everything that events keep in Redis, and the connections to it. */
export interface EventStores {
  /** For what is taken in; it may be the other one. */
  producer: Redis;
  worker: Redis;
  queues: RedisEventQueues;
  store: RedisEventStore;
  configs: RedisEventInvokeConfigs;
  secret: RedisChainSecret;
  keptCalls: RedisKeptCalls;
  close: () => void;
}

export function openEventStores({ address, keys, settings, clock, logger }: EventStoresOptions): EventStores {
  const worker = connectRedis({ ...address, isBatching: true }, 'easyfaas-controller-events');
  // What waits for replicas holds up its connection. Otherwise one is better: what Redis reads together it writes to the disk together.
  const producer = settings.replicas === 0 ? worker : connectRedis({ ...address, isBatching: true }, 'easyfaas-controller-events-in');
  return {
    producer,
    worker,
    queues: new RedisEventQueues({ redis: worker, queuePrefix: keys.queuePrefix, logger }),
    store: new RedisEventStore({ redis: worker, keys, clock, ...settings }),
    configs: new RedisEventInvokeConfigs({ redis: worker, keys, clock }),
    secret: new RedisChainSecret({ redis: producer, keys, random: randomBytes }),
    keptCalls: new RedisKeptCalls({ redis: producer, keys, limitBytes: settings.resultLimitBytes }),
    close: () => {
      producer.disconnect();
      worker.disconnect();
    },
  };
}

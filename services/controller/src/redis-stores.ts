import { randomUUID } from 'node:crypto';
import { Counter, type Logger, type Registry, systemClock } from '@easyfaas/service-kit';
import type { Redis } from 'ioredis';
import { RedisKeyStore } from './auth/redis-key-store';
import type { ControllerConfig } from './config';
import { RedisFunctionStore } from './functions/redis-function-store';
import { RedisPackageHolders } from './pods/redis-package-holders';
import { RedisPodRegistry } from './pods/redis-pod-registry';
import { RedisRecords } from './records/redis-records';
import { type RedisConnectionOptions, connectRedis, connectRedisSubscriber } from './redis-connection';
import { RedisNotices } from './redis-notices';
import { type TriggerStores, openTriggerStores } from './triggers/redis-trigger-stores';

/** What pods know of each other. */
export interface PodStores {
  registry: RedisPodRegistry;
  holders: RedisPackageHolders;
}

/** What lasts beyond this process, and the connections to it. */
export interface RedisStores {
  redis: Redis;
  notices: RedisNotices;
  functionStore: RedisFunctionStore;
  keyStore: RedisKeyStore;
  records: RedisRecords;
  pods: PodStores;
  triggerStores: TriggerStores;
  /** Writes what is still held, then ends the connections. */
  close: () => Promise<void>;
}

export function openStores(config: ControllerConfig, { registry, logger }: { registry: Registry; logger: Logger }): RedisStores {
  const { redisPrefix } = config;
  const address = redisAddress(config, logger);
  const redis = connectRedis(address);
  const subscriber = connectRedisSubscriber(address);
  const notices = new RedisNotices(subscriber, logger);
  const dropped = new Counter({
    name: 'easyfaas_records_dropped_total',
    help: 'Records that Redis did not take in time.',
    registers: [registry],
  });
  const shared = { redis, notices, prefix: redisPrefix };
  const records = new RedisRecords({ redis, prefix: redisPrefix, clock: systemClock, logger, onDropped: (count) => dropped.inc(count) });
  return {
    redis,
    notices,
    functionStore: new RedisFunctionStore(shared),
    keyStore: new RedisKeyStore(shared),
    records,
    pods: { registry: new RedisPodRegistry(shared), holders: new RedisPackageHolders(shared) },
    triggerStores: openTriggerStores({ ...shared, address, podId: randomUUID(), clock: systemClock, logger }),
    close: async () => {
      await records.flush();
      subscriber.disconnect();
      redis.disconnect();
    },
  };
}

/** Where the store is, for whoever opens a connection of its own. */
export function redisAddress({ redisUrl, redisUsername, redisPassword }: ControllerConfig, logger: Logger): RedisConnectionOptions {
  return {
    url: redisUrl,
    logger,
    ...(redisUsername === undefined ? {} : { username: redisUsername }),
    ...(redisPassword === undefined ? {} : { password: redisPassword }),
  };
}

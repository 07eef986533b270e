import type { Clock, Ids, Logger } from '@easyfaas/service-kit';
import type { FunctionDirectory } from '../functions/function-directory';
import { type RedisConnectionOptions, connectRedis } from '../redis-connection';
import { AsyncKeys } from './async-keys';
import type { AsyncSettings } from './env';
import type { EventIntake } from './event-intake';
import { RedisEventQueues } from './redis-event-queues';
import { RedisEventIntake } from './redis-event-intake';

export interface AsyncEngineOptions {
  clock: Clock;
  ids: Ids;
  logger: Logger;
  /** Connections of its own: what goes wrong there does not concern synchronous calls. */
  redis: RedisConnectionOptions;
  prefix: string;
  directory: FunctionDirectory;
  settings: AsyncSettings;
}

export interface AsyncEngine {
  intake: EventIntake;
  stop(): Promise<void>;
}

/** Wires everything that happens after a 202. */
export function createAsyncEngine({ clock, ids, logger, redis, prefix, directory, settings }: AsyncEngineOptions): AsyncEngine {
  const keys = new AsyncKeys(prefix);
  const producer = connectRedis(redis, 'easyfaas-controller-events-in');
  const intake = new RedisEventIntake({
    redis: producer,
    keys,
    queues: new RedisEventQueues({ redis: producer, queuePrefix: keys.queuePrefix, logger }),
    directory,
    clock,
    ids,
    payloadLimitBytes: settings.payloadLimitBytes,
    openLimit: settings.openLimit,
    onAccepted: () => undefined,
  });
  return {
    intake,
    stop: async () => {
      producer.disconnect();
    },
  };
}

import type { Clock, Logger } from '@easyfaas/service-kit';
import type { SecretBox } from '../../secrets/secret-box';
import type { AsyncKeys } from '../async-keys';
import type { AsyncMetrics } from '../async-metrics';
import type { RedisEventIntake } from '../redis-event-intake';
import type { EventStores } from '../redis-event-stores';
import { RedisDeliveries } from './redis-deliveries';
import { RedisDeliverySender } from './redis-delivery-sender';
import { RedisQueueDestination } from './redis-queue-destination';
import type { UrlRules } from './url-rules';

export interface DeliveriesOptions {
  clock: Clock;
  logger: Logger;
  prefix: string;
  region: string;
  keys: AsyncKeys;
  rules: UrlRules;
  secretBox: SecretBox;
  stores: Pick<EventStores, 'worker' | 'store' | 'configs'>;
  /** For events whose destination is a function. */
  intake: RedisEventIntake;
  metrics: AsyncMetrics;
}

/** Wires what happens to an event's outcome after its end. */
export function createDeliveries(options: DeliveriesOptions): RedisDeliveries {
  const { clock, logger, prefix, region, keys, rules, secretBox, intake, metrics } = options;
  const { worker: redis, store, configs } = options.stores;
  const sender = new RedisDeliverySender({
    redis,
    keys,
    intake,
    queues: new RedisQueueDestination({ redis, prefix }),
    configOf: (key) => configs.effective(key),
    rules,
    secretBox,
    region,
    clock,
  });
  return new RedisDeliveries({ redis, keys, store, sender, clock, logger, metrics, random: Math.random });
}

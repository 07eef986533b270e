import { randomBytes } from 'node:crypto';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { type Clock, Failpoints, type Ids, type Logger, type Registry } from '@easyfaas/service-kit';
import type { FunctionDirectory } from '../functions/function-directory';
import type { EventPath } from '../invoke/event-path';
import type { Invoker } from '../invoke/invoker';
import type { PayloadBudget } from '../invoke/payload-budget';
import type { KeptPayloads } from '../records/kept-payloads';
import type { RecordSink } from '../invoke/record-sink';
import type { SecretBox } from '../secrets/secret-box';
import type { RedisConnectionOptions } from '../redis-connection';
import type { RedisNotices } from '../redis-notices';
import { AsyncInvocations } from './async-invocations';
import { AsyncKeys, functionOfQueue } from './async-keys';
import { AsyncMetrics } from './async-metrics';
import type { AsyncSettings } from './env';
import { DeadLetters } from './dead-letters';
import { createDeliveries } from './destinations/create-deliveries';
import { UrlRules } from './destinations/url-rules';
import { EventConsumer } from './event-consumer';
import { EventInvokeConfigService } from './event-invoke-config-service';
import { EventMemory } from './event-memory';
import { eventRecord } from './event-record';
import { EventRunner } from './event-runner';
import { RedisEventIntake } from './redis-event-intake';
import type { RedisEventStore } from './redis-event-store';
import { openEventStores } from './redis-event-stores';
import { RedisEventSweeper } from './redis-event-sweeper';

export interface AsyncEngineOptions {
  clock: Clock;
  ids: Ids;
  logger: Logger;
  registry: Registry;
  /** Connections of its own: what goes wrong there does not concern synchronous calls. */
  redis: RedisConnectionOptions;
  notices: RedisNotices;
  prefix: string;
  region: string;
  directory: FunctionDirectory;
  invoker: Invoker;
  records: RecordSink;
  keptPayloads: Pick<KeptPayloads, 'find' | 'forget'>;
  /** Memory for payloads, calls' and events'. */
  payloads: PayloadBudget;
  /** Calls of the function that wait for a container. */
  waitingCalls: (stored: StoredFunction) => number;
  settings: AsyncSettings;
  secretBox: SecretBox;
}

export interface AsyncEngine {
  intake: RedisEventIntake;
  store: RedisEventStore;
  invocations: AsyncInvocations;
  deadLetters: DeadLetters;
  configs: EventInvokeConfigService;
  /** For the invocation path. */
  path: EventPath;
  start(): void;
  /** As happens every ten seconds. */
  sweep(): Promise<void>;
  /** Lets what runs end until the deadline, then hands it back. */
  drain(deadline: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

const newSecret = (): string => randomBytes(32).toString('base64url');

/** Calls that may wait for a container of a function before its events are left where they are. */
const WAITING_CALLS = 1;

/** Wires everything that happens after a 202. */
export function createAsyncEngine(options: AsyncEngineOptions): AsyncEngine {
  const { clock, ids, logger, directory, settings, notices, region, secretBox, keptPayloads } = options;
  const rules = new UrlRules(settings.urlAllow);
  const keys = new AsyncKeys(options.prefix);
  const metrics = new AsyncMetrics(options.registry);
  const podToken = ids.nonce();
  let tokens = 0;
  const failpoints = new Failpoints(settings.failpoints);
  const stores = openEventStores({ address: options.redis, keys, settings, clock, logger });
  const { producer, worker, queues, store, configs, secret } = stores;
  directory.onChange(({ accountId, functionName, commitId }) => {
    if (commitId !== undefined) return;
    configs.forget();
    keptPayloads
      .forget(accountId, functionName)
      .catch((error: unknown) => logger.warn('payloads of a deleted function stay until their time is over', { functionName, error }));
  });
  const known = (accountId: string, functionName: string): StoredFunction | undefined => lookUp(directory, accountId, functionName, logger);

  const intake = new RedisEventIntake({
    redis: producer,
    keys,
    directory,
    clock,
    ids,
    payloadLimitBytes: settings.payloadLimitBytes,
    openLimit: settings.openLimit,
    replicas: settings.replicas,
    rules,
    podToken,
    failpoints,
    onAccepted: (accountId, functionName) => {
      metrics.noteAccepted();
      consumer.wake(accountId, functionName);
    },
  });
  const runner = new EventRunner({
    clock,
    logger,
    store,
    queues,
    invoker: options.invoker,
    directory,
    configOf: (key) => configs.known(key) ?? configs.effective(key),
    chain: () => secret.known ?? secret.load(),
    metrics,
    random: Math.random,
    resultLimitBytes: settings.resultLimitBytes,
    failpoints,
    onEnded: (event, settlement, result) => {
      options.records.add(eventRecord(event, settlement, result));
      if (settlement.deliveries.length > 0) deliveries.wake();
    },
  });
  const deliveries = createDeliveries({ ...options, keys, rules, stores, intake, metrics });
  const consumer: EventConsumer = new EventConsumer({
    clock,
    logger,
    queues,
    store,
    runner,
    metrics,
    // Nobody else has it, and it is no secret: a number is enough.
    newToken: () => `${podToken}-${++tokens}`,
    memory: new EventMemory({ payloads: options.payloads, payloadLimitBytes: settings.payloadLimitBytes }),
    payloadLimitBytes: settings.payloadLimitBytes,
    capacity: settings.concurrency,
    limitOf: (accountId, functionName) => settings.containers * (known(accountId, functionName)?.configuration.PodConcurrentQuota ?? 1),
    hasRoom: (accountId, functionName) => {
      const stored = known(accountId, functionName);
      return stored === undefined || options.waitingCalls(stored) <= WAITING_CALLS;
    },
  });
  const sweeper = new RedisEventSweeper({ redis: worker, keys, queues, consumer, clock, logger, metrics });
  notices.on(keys.notices, (message) => {
    const [word, first = '', second = ''] = message.split(' ');
    if (word === 'cancel') consumer.cancel(first, second);
    else if (word === 'ready' && second !== podToken) {
      const { accountId, functionName } = functionOfQueue(first);
      consumer.wake(accountId, functionName);
    }
  });

  return {
    intake,
    store,
    invocations: new AsyncInvocations({ store, queues, clock, ids, intake, keys, keptPayloads }),
    deadLetters: new DeadLetters({ store, intake, keys, clock, ids }),
    configs: new EventInvokeConfigService({ store: configs, rules, region, clock, newSecret, secretBox }),
    sweep: () => sweeper.sweep(),
    path: { intake, payloadLimitBytes: settings.payloadLimitBytes, chain: () => secret.load(), keptCalls: stores.keptCalls },
    start: () => {
      consumer.start();
      sweeper.start();
      deliveries.start();
    },
    drain: (deadline) => consumer.stop(deadline),
    stop: async () => {
      deliveries.stop();
      await sweeper.stop();
      stores.close();
    },
  };
}

/** What is in memory about the newest version of a function. */
function lookUp(directory: FunctionDirectory, accountId: string, functionName: string, logger: Logger): StoredFunction | undefined {
  try {
    const found = directory.find(accountId, functionName, '$LATEST');
    if (!(found instanceof Promise)) return found;
    found.catch((error: unknown) => logger.debug('function could not be looked up', { functionName, error }));
  } catch (error) {
    logger.debug('function could not be looked up', { functionName, error });
  }
  return undefined;
}

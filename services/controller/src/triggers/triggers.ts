import { randomBytes, randomUUID } from 'node:crypto';
import type { StoredTrigger } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import { UrlRules } from '../async/destinations/url-rules';
import type { EventIntake } from '../async/event-intake';
import type { Authenticator } from '../auth/principal';
import type { SignatureAuthenticator } from '../auth/signature/signature-authenticator';
import type { FunctionDirectory } from '../functions/function-directory';
import type { Invoker } from '../invoke/invoker';
import type { PayloadBudget } from '../invoke/payload-budget';
import { SecretBox } from '../secrets/secret-box';
import { loadSecretKey } from '../secrets/secret-key-file';
import { DeadMessageRedrive } from './dead-message-redrive';
import { EventGate } from './event-gate';
import type { TriggerStores } from './redis-trigger-stores';
import type { TriggerSource } from './source';
import { SourceTable } from './source-table';
import { takeCloudEvents } from './sources/cloudevents/cloudevents-front';
import { CloudEventsSource } from './sources/cloudevents/cloudevents-source';
import { CronSource } from './sources/cron/cron-source';
import { HttpFront } from './sources/http/http-front';
import { HttpSource } from './sources/http/http-source';
import { MqttSource } from './sources/mqtt/mqtt-source';
import { takeWebhook } from './sources/webhook/webhook-front';
import { WebhookSource } from './sources/webhook/webhook-source';
import { TriggerRunner } from './trigger-runner';
import { openSecrets } from './trigger-secrets';
import { TriggerService } from './trigger-service';
import { CallerCheck } from './web/caller-check';
import { OpenTriggers } from './web/open-triggers';
import type { WebRequest } from './web/web-request';

export interface TriggersOptions {
  dataDir: string;
  secretsKeyFile?: string | undefined;
  region: string;
  allowedOrigins: readonly string[];
  /** Hosts and networks that are not public and may be connected to all the same. */
  async: { urlAllow: readonly string[] };
  stores: TriggerStores;
  authenticator: Authenticator;
  signatures?: SignatureAuthenticator | undefined;
  directory: FunctionDirectory;
  intake: EventIntake;
  invoker: Invoker;
  payloads: PayloadBudget;
  /** A client that makes no room for a streamed answer for this long is taken for gone, ms. */
  streamStallMs: number;
  clock: Clock;
  logger: Logger;
  /** Beside those that are built in. */
  moreSources?: readonly TriggerSource[];
}

/** Requests to paths that triggers serve. Each throws what is to be answered. */
export interface WebTriggers {
  http: (web: WebRequest) => Promise<void>;
  webhooks: (web: WebRequest) => Promise<void>;
  cloudevents: (web: WebRequest) => Promise<void>;
}

export interface Triggers {
  service: TriggerService;
  redrive: DeadMessageRedrive;
  web: WebTriggers;
  /** Settles when what can be started was. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const TRIGGER_ID_BYTES = 8;

/** Wires everything about triggers. */
export async function createTriggers(options: TriggersOptions): Promise<Triggers> {
  const { stores, directory, clock, logger, region, intake, invoker } = options;
  const { store, status, deadMessages, leases } = stores;
  const box = new SecretBox(await loadSecretKey(options));
  const secretsOf = (trigger: StoredTrigger): Record<string, string> => openSecrets(box, trigger);
  const sources = new SourceTable();
  const service = new TriggerService({
    store,
    status,
    deadMessages,
    sources,
    directory,
    box,
    region,
    clock,
    newTriggerId: () => randomBytes(TRIGGER_ID_BYTES).toString('hex'),
    newRevisionId: randomUUID,
  });
  const pause = async ({ accountId, triggerId }: StoredTrigger, reason: string): Promise<void> => {
    await service.pause(accountId, triggerId, reason);
    logger.warn('trigger paused', { triggerId, reason });
  };
  const gateOf = (trigger: StoredTrigger): EventGate =>
    new EventGate(trigger, { intake, invoker, status, deadMessages, clock, logger, pause });

  // The one table of sources.
  sources
    .register(
      new CronSource({
        dueSet: stores.dueSet,
        clock,
        logger,
        isWanted: async (accountId, triggerId) => (await store.get(accountId, triggerId))?.isEnabled === true,
        isUnfinished: stores.isUnfinished,
      }),
    )
    .register(new HttpSource())
    .register(new WebhookSource())
    .register(new CloudEventsSource())
    .register(stores.redisStream)
    .register(stores.queue)
    .register(new MqttSource({ rules: new UrlRules(options.async.urlAllow), clock }));
  for (const source of options.moreSources ?? []) sources.register(source);

  const { authenticator, signatures } = options;
  const callers = new CallerCheck({ authenticator, signatures, replays: stores.replays, clock });
  const { payloads, allowedOrigins } = options;
  const streams = { clock, stallMs: options.streamStallMs, payloads };
  const http = new HttpFront({ store, status, secretsOf, invoker, callers, payloads, streams, allowedOrigins, clock, logger });
  const events = { triggers: new OpenTriggers({ store, secretsOf, gateOf, clock, logger }), callers, payloads, clock };
  const runner = new TriggerRunner({ store, sources, leases, clock, logger, gateOf, secretsOf });

  directory.onChange(({ accountId, functionName, commitId }) => {
    if (commitId !== undefined) return;
    service.pauseOfDeleted(accountId, functionName).catch((error: unknown) => {
      // Each finds out by itself with its next event.
      logger.warn('triggers of a deleted function could not be paused', { functionName, error });
    });
  });
  return {
    service,
    redrive: new DeadMessageRedrive({ deadMessages, intake }),
    web: {
      http: (web) => http.handle(web),
      webhooks: (web) => takeWebhook(web, events),
      cloudevents: (web) => takeCloudEvents(web, events),
    },
    start: () => runner.start(),
    stop: async () => {
      await runner.stop();
      await status.stop();
    },
  };
}

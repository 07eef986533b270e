import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Clock } from '@easyfaas/service-kit';
import type { SecretBox } from '../../secrets/secret-box';
import { publishMqtt } from '../../triggers/sources/mqtt/publish-mqtt';
import type { AsyncKeys } from '../async-keys';
import { queueCall } from '../async-redis';
import type { EventIntake } from '../event-intake';
import type { EventInvokeConfig, EventInvokeConfigKey } from '../event-invoke-config';
import type { DeliveryKind, EventDelivery, EventState } from '../event-state';
import { loginOf } from './broker-login';
import { callbackOf } from './callback';
import { cloudEventOf } from './cloud-event';
import { parseDestination } from './destination';
import { destinationRecord } from './destination-record';
import { type SignedPost, signedPost } from './signed-post';
import type { RedisQueueDestination } from './redis-queue-destination';
import type { UrlRules } from './url-rules';

/** One try to hand an outcome over. */
export interface DeliverySender {
  /** To a destination of the function's. @throws ServiceError, EndpointRefused, Error when there was no answer */
  send(event: EventState, delivery: EventDelivery): Promise<void>;
  /** To the URL that the caller named; throws as {@link send}. */
  callBack(event: EventState, url: string): Promise<void>;
}

export interface RedisDeliverySenderDeps {
  redis: Redis;
  keys: AsyncKeys;
  intake: EventIntake;
  queues: Pick<RedisQueueDestination, 'add'>;
  configOf: (key: EventInvokeConfigKey) => Promise<EventInvokeConfig>;
  rules: UrlRules;
  secretBox: Pick<SecretBox, 'open'>;
  region: string;
  clock: Clock;
}

const STREAM_ENTRIES = 10_000;

/** Sends to functions, URLs, brokers and streams of the platform's Redis. */
export class RedisDeliverySender implements DeliverySender {
  readonly #deps: RedisDeliverySenderDeps;

  constructor(deps: RedisDeliverySenderDeps) {
    this.#deps = deps;
  }

  async send(event: EventState, delivery: EventDelivery): Promise<void> {
    const { rules, region, intake, redis, keys, queues, clock, configOf, secretBox } = this.#deps;
    const { accountId, requestId } = event;
    const destination = parseDestination(delivery.destination, { accountId, region }, rules);
    const content = contentOf(event, delivery, region);
    const { contentType } = content;
    const body = Buffer.from(JSON.stringify(content.value));
    switch (destination.kind) {
      case 'function':
        await intake.accept({
          accountId,
          functionName: destination.functionName,
          qualifier: destination.qualifier,
          payload: body,
          contentType,
          traceparent: event.traceparent,
          tracestate: event.tracestate,
          source: `destination:${requestId}`,
          requestId: deliveryId(requestId),
          depth: event.depth + 1,
        });
        return;
      case 'stream':
        await queueCall(() =>
          redis.xadd(keys.stream(accountId, destination.name), 'MAXLEN', '~', STREAM_ENTRIES, '*', 'record', body.toString('utf8')),
        );
        return;
      case 'queue':
        return queues.add({ accountId, name: destination.name, data: content.value, jobId: deliveryId(requestId) });
      case 'mqtt':
        return publishMqtt(destination, body, rules, loginOf(secretBox, event, await configOf(event), delivery.destination));
      case 'url': {
        const { SigningSecret = '' } = await configOf(event);
        const headers = { 'Content-Type': contentType, ...traceOf(event) };
        const wallMs = clock.wallMs();
        return this.#post({ url: destination.url, body, headers, secret: SigningSecret, deliveryId: deliveryId(requestId), wallMs });
      }
    }
  }

  async callBack(event: EventState, url: string): Promise<void> {
    const { rules, clock, configOf } = this.#deps;
    const { SigningSecret } = await configOf(event);
    const callback = callbackOf(event);
    await this.#post({
      url: rules.check(url),
      ...callback,
      headers: { ...callback.headers, ...traceOf(event) },
      secret: SigningSecret,
      deliveryId: deliveryId(event.requestId, 'callback'),
      wallMs: clock.wallMs(),
    });
  }

  async #post(post: SignedPost): Promise<void> {
    const { status, retryAfter } = await signedPost(post, this.#deps.rules);
    if (status < 200 || status >= 300) throw new EndpointRefused(status, retryAfter);
  }
}

function traceOf({ traceparent, tracestate }: EventState): Record<string, string> {
  if (traceparent === undefined) return {};
  return { Traceparent: traceparent, ...(tracestate === undefined ? {} : { Tracestate: tracestate }) };
}

/** The endpoint answered, but not with success. */
export class EndpointRefused extends Error {
  readonly status: number;
  readonly retryAfter: string | undefined;

  constructor(status: number, retryAfter: string | undefined) {
    super(`The endpoint answered ${status}.`);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** 408, 425 and 429 are about now, other 4xx about the request; a redirect is not followed. */
  get isFinal(): boolean {
    return this.status < 500 && ![408, 425, 429].includes(this.status);
  }
}

function contentOf(event: EventState, { format }: EventDelivery, region: string): { value: unknown; contentType: string } {
  const arn = `brn:cloud:faas:${region}:${event.accountId}:function:${event.functionName}`;
  const record = destinationRecord(event, arn);
  if (format !== 'cloudevents') return { value: record, contentType: 'application/json' };
  const value = cloudEventOf(event, { id: deliveryId(event.requestId), source: arn, data: record });
  return { value, contentType: 'application/cloudevents+json; charset=utf-8' };
}

/** The same for every try, so that whoever receives can tell. */
function deliveryId(requestId: string, kind: DeliveryKind = 'delivery'): string {
  const hex = createHash('sha256').update(`${kind}\0${requestId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

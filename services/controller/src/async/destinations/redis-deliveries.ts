import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Clock, type Logger, ServiceError } from '@easyfaas/service-kit';
import type { AsyncKeys } from '../async-keys';
import type { AsyncMetrics } from '../async-metrics';
import { queueCall, runScript } from '../async-redis';
import type { EventIntake } from '../event-intake';
import type { EventInvokeConfig, EventInvokeConfigKey } from '../event-invoke-config';
import { type DeliveryKind, type EventDelivery, type EventState, readOutboxMember } from '../event-state';
import type { RedisEventStore } from '../redis-event-store';
import { backoffMs, retryAfterMs } from '../retry-policy';
import type { RedisQueueDestination } from './redis-queue-destination';
import { callbackOf } from './callback';
import { parseDestination } from './destination';
import { destinationRecord } from './destination-record';
import { type SignedPost, signedPost } from './signed-post';
import type { UrlRules } from './url-rules';

export interface RedisDeliveriesDeps {
  redis: Redis;
  keys: AsyncKeys;
  store: RedisEventStore;
  intake: EventIntake;
  queues: Pick<RedisQueueDestination, 'add'>;
  configOf: (key: EventInvokeConfigKey) => Promise<EventInvokeConfig>;
  rules: UrlRules;
  region: string;
  clock: Clock;
  logger: Logger;
  metrics: AsyncMetrics;
  /** From 0 up to 1. */
  random: () => number;
}

const LOOK_MS = 1000;
/** A delivery that is not reported on for so long is tried by somebody else, ms; longer than any try takes. */
const LEASE_MS = 30_000;
const AT_ONCE = 32;
/** Tries of one delivery; with the waits between them they take about half an hour. */
const TRIES = 12;
const STREAM_ENTRIES = 10_000;

/** Sends what is in the outbox to where it belongs. What is slow or broken there holds up nothing but itself. */
export class RedisDeliveries {
  readonly #deps: RedisDeliveriesDeps;
  #underWay = 0;
  #isStopped = true;
  #cancel: (() => void) | undefined;

  constructor(deps: RedisDeliveriesDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#isStopped = false;
    this.wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** There may be something in the outbox. */
  wake(): void {
    if (this.#isStopped) return;
    this.#cancel?.();
    this.#cancel = this.#deps.clock.after(LOOK_MS, () => this.wake());
    this.#take().catch((error: unknown) => this.#deps.logger.debug('deliveries could not be taken', { error }));
  }

  async #take(): Promise<void> {
    const { redis, keys, clock, logger } = this.#deps;
    const room = AT_ONCE - this.#underWay;
    if (room <= 0) return;
    const nowMs = clock.wallMs();
    const members = (await runScript(redis, 'asyncLease', [keys.outbox], [nowMs, nowMs + LEASE_MS, room])) as string[];
    for (const member of members) {
      this.#underWay++;
      this.#deliver(member)
        .catch((error: unknown) => logger.warn('a delivery could not be carried to its end', { member, error }))
        .finally(() => {
          this.#underWay--;
          if (members.length === room) this.wake();
        });
    }
  }

  async #deliver(member: string): Promise<void> {
    const { redis, keys, store, clock, metrics, random } = this.#deps;
    const { accountId, requestId, kind } = readOutboxMember(member);
    const event = await store.read(accountId, requestId);
    const delivery = event?.[kind];
    if (event === undefined || delivery === undefined || delivery.status === 'delivered') {
      await queueCall(() => redis.zrem(keys.outbox, member));
      return;
    }
    const { destination } = delivery;
    const attempts = delivery.attempts + 1;
    try {
      await (kind === 'callback' ? this.#callBack(event, destination) : this.#send(event, delivery));
      await this.#note(event, kind, { destination, status: 'delivered', attempts });
      await queueCall(() => redis.zrem(keys.outbox, member));
      metrics.noteDelivery('delivered');
    } catch (error) {
      const { isFinal, atLeastMs, text } = failureOf(error);
      const isOver = isFinal || attempts >= TRIES;
      await this.#note(event, kind, { destination, status: isOver ? 'failed' : 'pending', attempts, error: text });
      metrics.noteDelivery(isOver ? 'failed' : 'repeated');
      if (isOver) await this.#bury(event, member);
      else await queueCall(() => redis.zadd(keys.outbox, clock.wallMs() + backoffMs(attempts, random(), atLeastMs), member));
    }
  }

  async #send(event: EventState, delivery: EventDelivery): Promise<void> {
    const { rules, region, intake, redis, keys, clock, configOf, queues } = this.#deps;
    const { accountId, requestId, functionName } = event;
    const destination = parseDestination(delivery.destination, { accountId, region }, rules);
    const arn = `brn:cloud:faas:${region}:${accountId}:function:${functionName}`;
    const record = destinationRecord(event, arn);
    const body = Buffer.from(JSON.stringify(record));
    switch (destination.kind) {
      case 'function':
        await intake.accept({
          accountId,
          functionName: destination.functionName,
          qualifier: destination.qualifier,
          payload: body,
          contentType: 'application/json',
          traceparent: event.traceparent,
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
        return queues.add({ accountId, name: destination.name, data: record, jobId: deliveryId(requestId) });
      case 'url': {
        const { SigningSecret = '' } = await configOf(event);
        return this.#post({ url: destination.url, body, secret: SigningSecret, deliveryId: deliveryId(requestId), wallMs: clock.wallMs() });
      }
    }
  }

  /** To the URL that the caller named. */
  async #callBack(event: EventState, url: string): Promise<void> {
    const { rules, clock, configOf } = this.#deps;
    const { SigningSecret } = await configOf(event);
    await this.#post({
      url: rules.check(url),
      ...callbackOf(event),
      secret: SigningSecret,
      deliveryId: deliveryId(event.requestId, 'callback'),
      wallMs: clock.wallMs(),
    });
  }

  async #post(post: SignedPost): Promise<void> {
    const { status, retryAfter } = await signedPost(post, this.#deps.rules);
    if (status < 200 || status >= 300) throw new EndpointRefused(status, retryAfter);
  }

  /** A dead letter of its own kind. */
  async #bury(event: EventState, member: string): Promise<void> {
    const { redis, keys, clock, store } = this.#deps;
    await store.keepLonger(event);
    await queueCall(() =>
      redis
        .multi()
        .zadd(keys.undelivered(event.accountId, event.functionName), clock.wallMs(), event.requestId)
        .zrem(keys.outbox, member)
        .exec(),
    );
  }

  #note({ accountId, requestId }: EventState, kind: DeliveryKind, delivery: EventDelivery): Promise<void> {
    return this.#deps.store.note(accountId, requestId, { [kind]: JSON.stringify(delivery) });
  }
}

/** The endpoint answered, but not with success. */
class EndpointRefused extends Error {
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

function failureOf(error: unknown): { isFinal: boolean; atLeastMs: number; text: string } {
  if (error instanceof EndpointRefused) {
    const atLeastMs = error.retryAfter === undefined ? 0 : retryAfterMs({ 'Retry-After': error.retryAfter });
    return { isFinal: error.isFinal, atLeastMs, text: error.message };
  }
  if (error instanceof ServiceError)
    return { isFinal: !error.definition.retryable, atLeastMs: retryAfterMs(error.headers), text: error.message };
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
  return { isFinal: false, atLeastMs: 0, text: `The endpoint could not be reached (${code}).` };
}

/** The same for every try, so that whoever receives can tell. */
function deliveryId(requestId: string, kind: DeliveryKind = 'delivery'): string {
  const hex = createHash('sha256').update(`${kind}\0${requestId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

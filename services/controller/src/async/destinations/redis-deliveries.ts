import type { Redis } from 'ioredis';
import { type Clock, type Logger, ServiceError } from '@easyfaas/service-kit';
import type { AsyncKeys } from '../async-keys';
import type { AsyncMetrics } from '../async-metrics';
import { queueCall, runScript } from '../async-redis';
import { type DeliveryKind, type EventDelivery, type EventState, readOutboxMember } from '../event-state';
import type { RedisEventStore } from '../redis-event-store';
import { backoffMs, retryAfterMs } from '../retry-policy';
import { type DeliverySender, EndpointRefused } from './redis-delivery-sender';

export interface RedisDeliveriesDeps {
  redis: Redis;
  keys: AsyncKeys;
  store: RedisEventStore;
  sender: DeliverySender;
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
    const { redis, keys, store, sender, clock, metrics, random } = this.#deps;
    const { accountId, requestId, kind } = readOutboxMember(member);
    const event = await store.read(accountId, requestId);
    const delivery = event?.[kind];
    if (event === undefined || delivery === undefined || delivery.status === 'delivered') {
      await queueCall(() => redis.zrem(keys.outbox, member));
      return;
    }
    const { destination, format } = delivery;
    const attempts = delivery.attempts + 1;
    try {
      await (kind === 'callback' ? sender.callBack(event, destination) : sender.send(event, delivery));
      await this.#note(event, kind, { destination, format, status: 'delivered', attempts });
      await queueCall(() => redis.zrem(keys.outbox, member));
      metrics.noteDelivery('delivered');
    } catch (error) {
      const { isFinal, atLeastMs, text } = failureOf(error);
      const isOver = isFinal || attempts >= TRIES;
      await this.#note(event, kind, { destination, format, status: isOver ? 'failed' : 'pending', attempts, error: text });
      metrics.noteDelivery(isOver ? 'failed' : 'repeated');
      if (isOver) await this.#bury(event, member);
      else await queueCall(() => redis.zadd(keys.outbox, clock.wallMs() + backoffMs(attempts, random(), atLeastMs), member));
    }
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

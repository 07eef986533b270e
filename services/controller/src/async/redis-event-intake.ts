import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Clock, type Ids, ServiceError } from '@easyfaas/service-kit';
import type { FunctionDirectory } from '../functions/function-directory';
import { invalidField } from '../invalid-field';
import { type AsyncKeys, queueName } from './async-keys';
import {
  type ScriptArgument,
  type ScriptStep,
  defineScripts,
  queueCall,
  queueFailure,
  runScript,
  runTogether,
  whenOpened,
} from './async-redis';
import { assertDepth } from './chain';
import type { UrlRules } from './destinations/url-rules';
import type { EventFailpoints } from './event-failpoints';
import type { AcceptedEvent, EventIntake, NewEvent } from './event-intake';
import { pendingDelivery } from './event-state';

export interface RedisEventIntakeOptions {
  redis: Redis;
  keys: AsyncKeys;
  directory: FunctionDirectory;
  clock: Clock;
  ids: Ids;
  /** Bytes of one payload. */
  payloadLimitBytes: number;
  /** Events of one function that may be open. */
  openLimit: number;
  /** For the URLs that callers name. */
  rules: Pick<UrlRules, 'check'>;
  /** Called after each acceptance: there is work. */
  onAccepted: (accountId: string, functionName: string) => void;
  /** Of this pod: it does not tell itself. */
  podToken: string;
  failpoints: EventFailpoints;
}

/** What the promise of an answer within 2 s leaves for Redis, ms. */
const ANSWER_MS = 1800;
const IDEMPOTENCY_S = 24 * 3600;
const IDEMPOTENCY_KEY_BYTES = 256;

/** Takes events into Redis; see {@link EventIntake}. */
export class RedisEventIntake implements EventIntake {
  readonly #options: RedisEventIntakeOptions;

  constructor(options: RedisEventIntakeOptions) {
    this.#options = options;
    defineScripts(options.redis);
  }

  async accept(event: NewEvent): Promise<AcceptedEvent> {
    const { directory, ids, onAccepted, failpoints } = this.#options;
    this.#check(event);
    // Whether there is such a function is mostly known without Redis.
    await directory.find(event.accountId, event.functionName, event.qualifier);
    const bodyHash = hashOf(event);
    const requestId = event.requestId ?? ids.requestId();
    const accepted = await this.#inTime(async () => {
      if (event.idempotencyKey !== undefined) return this.#acceptOnce(event, requestId, bodyHash, event.idempotencyKey);
      return this.#write(event, requestId, bodyHash, []);
    });
    failpoints.reach('event-accepted');
    if (!accepted.isDuplicate) onAccepted(event.accountId, event.functionName);
    return accepted;
  }

  /** Accepts an event together with another change. @param steps run in the same transaction, after the acceptance */
  async acceptWith(event: NewEvent, requestId: string, steps: readonly ScriptStep[]): Promise<AcceptedEvent> {
    this.#check(event);
    await this.#options.directory.find(event.accountId, event.functionName, event.qualifier);
    const accepted = await this.#inTime(() => this.#write(event, requestId, hashOf(event), steps));
    this.#options.onAccepted(event.accountId, event.functionName);
    return accepted;
  }

  #check({ payload, depth = 0, idempotencyKey, callbackUrl }: NewEvent): void {
    const { payloadLimitBytes, rules } = this.#options;
    if (payload.length > payloadLimitBytes) {
      const text = `The payload has ${payload.length} bytes, the limit of an event is ${payloadLimitBytes} (EASYFAAS_ASYNC_PAYLOAD_KB).`;
      throw new ServiceError('PAYLOAD_TOO_LARGE', text, { details: { limitBytes: payloadLimitBytes } });
    }
    if (idempotencyKey !== undefined && (idempotencyKey === '' || Buffer.byteLength(idempotencyKey) > IDEMPOTENCY_KEY_BYTES)) {
      throw invalidField('Idempotency-Key', `Idempotency-Key must have 1 to ${IDEMPOTENCY_KEY_BYTES} bytes.`);
    }
    if (callbackUrl !== undefined) rules.check(callbackUrl);
    assertDepth(depth);
  }

  async #acceptOnce(event: NewEvent, requestId: string, bodyHash: string, idempotencyKey: string): Promise<AcceptedEvent> {
    const { redis, keys } = this.#options;
    const key = keys.idempotency(event.accountId, event.functionName, idempotencyKey);
    const [knownId, knownHash] = (await runScript(redis, 'asyncClaim', [key], [requestId, bodyHash, IDEMPOTENCY_S])) as string[];
    if (knownId === undefined || knownHash === undefined) return this.#writeClaimed(event, requestId, bodyHash, key);
    const known = duplicate(knownId, knownHash, bodyHash, 'Idempotency-Key');
    // Whoever claimed the key may have been lost before the event was written: then it is written now, under the same id.
    const isWritten = (await this.#bodyHashOf(event.accountId, knownId)) !== undefined;
    return isWritten ? known : this.#writeClaimed(event, knownId, bodyHash, key);
  }

  /** A key must not stay taken by an event that was refused. */
  async #writeClaimed(event: NewEvent, requestId: string, bodyHash: string, key: string): Promise<AcceptedEvent> {
    try {
      return await this.#write(event, requestId, bodyHash, []);
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'QUEUE_FULL') await queueCall(() => this.#options.redis.del(key));
      throw error;
    }
  }

  async #write(event: NewEvent, requestId: string, bodyHash: string, steps: readonly ScriptStep[]): Promise<AcceptedEvent> {
    const { redis, clock, openLimit } = this.#options;
    const { accountId, functionName } = event;
    const step = this.#acceptStep(event, requestId, bodyHash, clock.wallMs());
    const answer =
      steps.length === 0 ? await runScript(redis, step.script, step.keys, step.args) : (await runTogether(redis, [step, ...steps]))[0];
    if (answer === 'exists')
      return duplicate(requestId, (await this.#bodyHashOf(accountId, requestId)) ?? bodyHash, bodyHash, 'request id');
    if (answer !== 'full') return { requestId, isDuplicate: false };
    const text = `${functionName} has ${openLimit} events that have not ended, the most that it may (EASYFAAS_ASYNC_QUEUE_MAX); try again when some have.`;
    throw new ServiceError('QUEUE_FULL', text, { headers: { 'Retry-After': '5' } });
  }

  #acceptStep(event: NewEvent, requestId: string, bodyHash: string, nowMs: number): ScriptStep {
    const { keys, openLimit, podToken } = this.#options;
    const { accountId, functionName, notBeforeMs = 0 } = event;
    const name = queueName(accountId, functionName);
    return {
      script: 'asyncAccept',
      keys: [
        keys.invocation(accountId, requestId),
        keys.open(accountId, functionName),
        keys.counters,
        keys.functions,
        keys.queue(accountId, functionName),
      ],
      args: [
        requestId,
        nowMs,
        openLimit,
        name,
        keys.notices,
        `ready ${name} ${podToken}`,
        Math.max(0, notBeforeMs - nowMs),
        ...fieldsOf(event, bodyHash),
      ],
    };
  }

  async #bodyHashOf(accountId: string, requestId: string): Promise<string | undefined> {
    const { redis, keys } = this.#options;
    return (await queueCall(() => redis.hget(keys.invocation(accountId, requestId), 'bodyHash'))) ?? undefined;
  }

  /** Redis that neither answers nor breaks the connection must not hold the caller. */
  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    let cancel = (): void => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      cancel = this.#options.clock.after(ANSWER_MS, () => reject(queueFailure(new Error(`no answer within ${ANSWER_MS} ms`))));
    });
    try {
      return await Promise.race([whenOpened(this.#options.redis).then(work), late]);
    } finally {
      cancel();
    }
  }
}

function fieldsOf(event: NewEvent, bodyHash: string): ScriptArgument[] {
  const fields: Record<string, ScriptArgument | undefined> = {
    functionName: event.functionName,
    qualifier: event.qualifier,
    source: event.source,
    depth: event.depth ?? 0,
    bodyHash,
    payload: event.payload,
    contentType: event.contentType,
    clientContext: event.clientContext,
    traceparent: event.traceparent,
    maximumRetryAttempts: event.maximumRetryAttempts,
    maximumAgeMs: event.maximumAgeMs,
    notBeforeMs: event.notBeforeMs,
    replayOf: event.replayOf,
    ...(event.callbackUrl === undefined ? {} : { callback: JSON.stringify(pendingDelivery(event.callbackUrl)) }),
  };
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
}

function hashOf({ functionName, qualifier, contentType = '', payload }: NewEvent): string {
  return createHash('sha256').update(`${functionName}\0${qualifier}\0${contentType}\0`).update(payload).digest('base64url');
}

/** @throws ServiceError IDEMPOTENCY_MISMATCH */
function duplicate(requestId: string, knownHash: string, bodyHash: string, what: string): AcceptedEvent {
  if (knownHash === bodyHash) return { requestId, isDuplicate: true };
  throw new ServiceError('IDEMPOTENCY_MISMATCH', `This ${what} was used with another body (invocation ${requestId}); use a new one.`);
}

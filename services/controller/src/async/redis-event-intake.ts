import { hash } from 'node:crypto';
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
import { validTracestate } from '../traces/passed-traces';
import { readTraceparent } from '../traces/trace-context';
import type { UrlRules } from './destinations/url-rules';
import type { EventFailpoints } from './event-failpoints';
import type { AcceptedEvent, EventIntake, NewEvent } from './event-intake';
import { pendingDelivery } from './event-state';
import { plainText } from './plain-text';
import { ReplicatedWrites } from './replicated-writes';
import { SharedCommands, UNDER_WAY_MAX } from './shared-commands';

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
  /** Of Redis, that must have an event before it counts as accepted; 0 asks none. */
  replicas: number;
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

/** Events of one command, and bytes of one: Redis does nothing else meanwhile. */
const TOGETHER_MAX = 64;
const TOGETHER_BYTES = 512 * 1024;
/** About what an event has beside its payload, bytes. */
const HEAD_BYTES = 300;

interface Writing {
  event: NewEvent;
  requestId: string;
  bodyHash: string;
}

type AcceptAnswer = 'accepted' | 'exists' | 'full';

/** Takes events into Redis, those of one turn of the event loop together; see {@link EventIntake}. */
export class RedisEventIntake implements EventIntake {
  readonly #options: RedisEventIntakeOptions;
  readonly #writes: SharedCommands<Writing, AcceptAnswer>;
  readonly #replicated: ReplicatedWrites;

  constructor(options: RedisEventIntakeOptions) {
    this.#options = options;
    defineScripts(options.redis);
    this.#replicated = new ReplicatedWrites(options);
    this.#writes = new SharedCommands({
      send: (_name, writings) =>
        this.#inTime(async () => {
          const { script, keys, args } = this.#acceptStep(writings);
          return (await this.#replicated.write(() => runScript(options.redis, script, keys, args))) as AcceptAnswer[];
        }),
      countMax: TOGETHER_MAX,
      bytesMax: TOGETHER_BYTES,
      later: setImmediate,
      // A command that waits for replicas may take long.
      underWayMax: options.replicas === 0 ? UNDER_WAY_MAX : Infinity,
      after: (delayMs, callback) => options.clock.after(delayMs, callback),
    });
  }

  async accept(event: NewEvent): Promise<AcceptedEvent> {
    const { directory, ids, onAccepted, failpoints, clock, replicas } = this.#options;
    const startedMs = replicas === 0 ? 0 : clock.monotonicMs();
    this.#check(event);
    // Whether there is such a function is mostly known without Redis.
    const found = directory.find(event.accountId, event.functionName, event.qualifier);
    if (found instanceof Promise) await found;
    const { idempotencyKey } = event;
    const writing = { event, requestId: event.requestId ?? ids.requestId(), bodyHash: hashOf(event) };
    const accepted = await (idempotencyKey === undefined
      ? this.#write(writing)
      : this.#inTime(() => this.#acceptOnce(writing, idempotencyKey)));
    if (accepted.isDuplicate && replicas > 0) await this.#replicatedBefore(ANSWER_MS - (clock.monotonicMs() - startedMs));
    failpoints.reach('event-accepted');
    if (!accepted.isDuplicate) onAccepted(event.accountId, event.functionName);
    return accepted;
  }

  /** Accepts an event together with another change. @param steps run in the same transaction, after the acceptance */
  async acceptWith(event: NewEvent, requestId: string, steps: readonly ScriptStep[]): Promise<AcceptedEvent> {
    this.#check(event);
    await this.#options.directory.find(event.accountId, event.functionName, event.qualifier);
    const writing = { event, requestId, bodyHash: hashOf(event) };
    const [answers] = await this.#inTime(() =>
      this.#replicated.write(() => runTogether(this.#options.redis, [this.#acceptStep([writing]), ...steps])),
    );
    const accepted = await this.#acceptedEvent(writing, (answers as AcceptAnswer[])[0]);
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

  async #acceptOnce(writing: Writing, idempotencyKey: string): Promise<AcceptedEvent> {
    const { redis, keys } = this.#options;
    const { event, requestId, bodyHash } = writing;
    const key = keys.idempotency(event.accountId, event.functionName, idempotencyKey);
    const [knownId, knownHash] = (await runScript(redis, 'asyncClaim', [key], [requestId, bodyHash, IDEMPOTENCY_S])) as string[];
    if (knownId === undefined || knownHash === undefined) return this.#writeClaimed(writing, key);
    const known = duplicate(knownId, knownHash, bodyHash, 'Idempotency-Key');
    // Whoever claimed the key may have been lost before the event was written: then it is written now, under the same id.
    const isWritten = (await this.#bodyHashOf(event.accountId, knownId)) !== undefined;
    return isWritten ? known : this.#writeClaimed({ ...writing, requestId: knownId }, key);
  }

  /** A key must not stay taken by an event that was refused. */
  async #writeClaimed(writing: Writing, key: string): Promise<AcceptedEvent> {
    try {
      return await this.#write(writing);
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'QUEUE_FULL') await queueCall(() => this.#options.redis.del(key));
      throw error;
    }
  }

  async #write(writing: Writing): Promise<AcceptedEvent> {
    const { accountId, functionName, payload } = writing.event;
    const answer = await this.#writes.add(queueName(accountId, functionName), writing, payload.length + HEAD_BYTES);
    return answer === 'accepted' ? { requestId: writing.requestId, isDuplicate: false } : this.#acceptedEvent(writing, answer);
  }

  async #acceptedEvent({ event, requestId, bodyHash }: Writing, answer: AcceptAnswer | undefined): Promise<AcceptedEvent> {
    const { accountId, functionName } = event;
    if (answer === 'exists')
      return duplicate(requestId, (await this.#bodyHashOf(accountId, requestId)) ?? bodyHash, bodyHash, 'request id');
    if (answer !== 'full') return { requestId, isDuplicate: false };
    const text = `${functionName} has ${this.#options.openLimit} events that have not ended, the most that it may (EASYFAAS_ASYNC_QUEUE_MAX); try again when some have.`;
    throw new ServiceError('QUEUE_FULL', text, { headers: { 'Retry-After': '5' } });
  }

  /** @param writings of one function */
  #acceptStep(writings: readonly Writing[]): ScriptStep {
    const { keys, openLimit, podToken, clock } = this.#options;
    const { accountId, functionName } = (writings[0] as Writing).event;
    const nowMs = clock.wallMs();
    const name = queueName(accountId, functionName);
    const args: ScriptArgument[] = [nowMs, openLimit, name, keys.notices, `ready ${name} ${podToken}`, keys.invocation(accountId, '')];
    for (const { event, requestId, bodyHash } of writings) {
      args.push(requestId, Math.max(0, (event.notBeforeMs ?? 0) - nowMs));
      pushFields(args, event, bodyHash);
    }
    return {
      script: 'asyncAccept',
      keys: [keys.open(accountId, functionName), keys.counters, keys.functions, keys.queue(accountId, functionName)],
      args,
    };
  }

  /**
   * For what another connection may have written, whose client was not told. Redis answers only for what its asker wrote: so something is written.
   * @param withinMs what is left until the client is to be told
   */
  async #replicatedBefore(withinMs: number): Promise<void> {
    const { redis, keys } = this.#options;
    await this.#inTime(() => this.#replicated.write(() => queueCall(() => redis.hincrby(keys.counters, 'repeated', 1))), withinMs);
  }

  async #bodyHashOf(accountId: string, requestId: string): Promise<string | undefined> {
    const { redis, keys } = this.#options;
    return (await queueCall(() => redis.hget(keys.invocation(accountId, requestId), 'bodyHash'))) ?? undefined;
  }

  /** Redis that neither answers nor breaks the connection must not hold the caller. */
  async #inTime<T>(work: () => Promise<T>, withinMs = ANSWER_MS): Promise<T> {
    let cancel = (): void => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      cancel = this.#options.clock.after(Math.max(0, withinMs), () => reject(queueFailure(new Error(`no answer within ${ANSWER_MS} ms`))));
    });
    try {
      return await Promise.race([whenOpened(this.#options.redis).then(work), late]);
    } finally {
      cancel();
    }
  }
}

/** How many there are, then names and values; what has the value that {@link readEventState} takes for an absent one is left out. */
function pushFields(args: ScriptArgument[], event: NewEvent, bodyHash: string): void {
  const countAt = args.push(0) - 1;
  args.push('functionName', event.functionName, 'bodyHash', bodyHash, 'payload', plainText(event.payload));
  const add = (name: string, value: ScriptArgument | undefined): void => void (value !== undefined && args.push(name, value));
  if (event.qualifier !== '$LATEST') args.push('qualifier', event.qualifier);
  if (event.source !== 'api') args.push('source', event.source);
  if ((event.depth ?? 0) > 0) add('depth', event.depth);
  add('keyId', event.keyId);
  add('contentType', event.contentType);
  add('clientContext', event.clientContext);
  if (event.traceparent !== undefined && readTraceparent(event.traceparent) !== undefined) {
    add('traceparent', event.traceparent);
    add('tracestate', validTracestate(event.tracestate));
  }
  add('maximumRetryAttempts', event.maximumRetryAttempts);
  add('maximumAgeMs', event.maximumAgeMs);
  add('notBeforeMs', event.notBeforeMs);
  add('replayOf', event.replayOf);
  if (event.callbackUrl !== undefined) args.push('callback', JSON.stringify(pendingDelivery(event.callbackUrl)));
  args[countAt] = args.length - 1 - countAt;
}

function hashOf({ functionName, qualifier, contentType = '', payload }: NewEvent): string {
  const head = Buffer.from(`${functionName}\0${qualifier}\0${contentType}\0`);
  return hash('sha256', Buffer.concat([head, payload]), 'base64url');
}

/** @throws ServiceError IDEMPOTENCY_MISMATCH */
function duplicate(requestId: string, knownHash: string, bodyHash: string, what: string): AcceptedEvent {
  if (knownHash === bodyHash) return { requestId, isDuplicate: true };
  throw new ServiceError('IDEMPOTENCY_MISMATCH', `This ${what} was used with another body (invocation ${requestId}); use a new one.`);
}

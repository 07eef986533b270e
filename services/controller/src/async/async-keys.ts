import { createHash } from 'node:crypto';

/**
 * Names of everything that events keep in Redis. All have the same hash tag, so that scripts and transactions over several of
 * them work in a Redis Cluster too:
 *
 *   {<prefix>}:async:invocation:<account>:<id>        hash, the life of one event
 *   {<prefix>}:async:open:<account>:<function>        sorted set of ids by the time of acceptance: not ended
 *   {<prefix>}:async:ended:<account>:<function>       sorted set of ids by the time of their end: kept, none of them dead letters
 *   {<prefix>}:async:dead:<account>:<function>        sorted set of ids by the time of their end: dead letters
 *   {<prefix>}:async:idempotency:<account>:<hash>     hash {id, bodyHash}
 *   {<prefix>}:async:call:<account>:<hash>            hash {id, fingerprint, bytes, headers, body}: a synchronous call under a key
 *   {<prefix>}:async:undelivered:<account>:<function> sorted set of ids: their destination could not be reached
 *   {<prefix>}:async:stream:<account>:<name>          stream of a destination
 *   {<prefix>}:async:config:<account>                 hash of event-invoke configurations by function
 *   {<prefix>}:async:functions                        set of <account>.<function> that had an event lately
 *   {<prefix>}:async:outbox                           sorted set of <account>:<id> by the time when their delivery is due
 *   {<prefix>}:async:counters                         hash: accepted, and one per final status
 *   {<prefix>}:async:notices                          channel
 *   {<prefix>}:async:queue:<account>.<function>:…     BullMQ's
 */
export class AsyncKeys {
  /** Of BullMQ's keys. */
  readonly queuePrefix: string;
  readonly #root: string;

  /** @param prefix of the instance; one that has a hash tag already keeps it */
  constructor(prefix: string) {
    const tagged = /\{[^}]+\}/.test(prefix) ? prefix : `{${prefix.replace(/[{}]/g, '')}}`;
    this.#root = `${tagged}:async`;
    this.queuePrefix = `${this.#root}:queue`;
  }

  get functions(): string {
    return `${this.#root}:functions`;
  }

  get outbox(): string {
    return `${this.#root}:outbox`;
  }

  get counters(): string {
    return `${this.#root}:counters`;
  }

  get notices(): string {
    return `${this.#root}:notices`;
  }

  /** Secret with which the depth of a chain of invocations is signed. */
  get chainSecret(): string {
    return `${this.#root}:chain-secret`;
  }

  invocation(accountId: string, requestId: string): string {
    return `${this.#root}:invocation:${accountId}:${requestId}`;
  }

  open(accountId: string, functionName: string): string {
    return `${this.#root}:open:${accountId}:${functionName}`;
  }

  ended(accountId: string, functionName: string): string {
    return `${this.#root}:ended:${accountId}:${functionName}`;
  }

  dead(accountId: string, functionName: string): string {
    return `${this.#root}:dead:${accountId}:${functionName}`;
  }

  /** Sorted set of ids by time: their delivery to a destination has failed for good. */
  undelivered(accountId: string, functionName: string): string {
    return `${this.#root}:undelivered:${accountId}:${functionName}`;
  }

  /** A stream that an account's destinations write to. */
  stream(accountId: string, name: string): string {
    return `${this.#root}:stream:${accountId}:${name}`;
  }

  config(accountId: string): string {
    return `${this.#root}:config:${accountId}`;
  }

  /** The caller's key is hashed: it may have any length and any characters. */
  idempotency(accountId: string, functionName: string, idempotencyKey: string): string {
    const hash = createHash('sha256').update(`${functionName}\0${idempotencyKey}`).digest('hex');
    return `${this.#root}:idempotency:${accountId}:${hash}`;
  }

  /** The same for synchronous calls, which have keys of their own. */
  keptCall(accountId: string, functionName: string, idempotencyKey: string): string {
    const hash = createHash('sha256').update(`${functionName}\0${idempotencyKey}`).digest('hex');
    return `${this.#root}:call:${accountId}:${hash}`;
  }

  /** What all of BullMQ's keys of a function's queue begin with. */
  queue(accountId: string, functionName: string): string {
    return `${this.queuePrefix}:${queueName(accountId, functionName)}:`;
  }
}

/** Accounts have no dot, functions have none either. */
export const queueName = (accountId: string, functionName: string): string => `${accountId}.${functionName}`;

export function functionOfQueue(name: string): { accountId: string; functionName: string } {
  const at = name.indexOf('.');
  return { accountId: name.slice(0, at), functionName: name.slice(at + 1) };
}

/** BullMQ takes no id that consists of digits. */
export const jobIdOf = (requestId: string): string => `e-${requestId}`;
export const requestIdOf = (jobId: string): string => jobId.slice(2);

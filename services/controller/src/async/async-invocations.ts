import { type Clock, type Ids, ServiceError } from '@easyfaas/service-kit';
import type { FunctionLimit } from '../auth/function-limit';
import type { KeptPayload, KeptPayloads } from '../records/kept-payloads';
import type { AsyncKeys } from './async-keys';
import { type EventState, isFinal } from './event-state';
import type { NewEvent } from './event-intake';
import type { RedisEventIntake } from './redis-event-intake';
import type { RedisEventQueues } from './redis-event-queues';
import type { RedisEventStore } from './redis-event-store';

export interface AsyncInvocationsDeps {
  store: RedisEventStore;
  queues: RedisEventQueues;
  intake: RedisEventIntake;
  keys: AsyncKeys;
  /** Of synchronous calls. */
  keptPayloads: Pick<KeptPayloads, 'find'>;
  clock: Clock;
  ids: Ids;
}

export interface ReplayRequest {
  /** Another version than the event was for. */
  qualifier?: string;
  /** Whose key asks for it. */
  keyId?: string;
  /** The only functions that the key is for. Ids of calls are their callers': the payload under one may be another function's than its record. */
  functions?: FunctionLimit | undefined;
}

/** What can be done with events by their ids; every method throws QUEUE_UNAVAILABLE when Redis is away. */
export class AsyncInvocations {
  readonly #deps: AsyncInvocationsDeps;

  constructor(deps: AsyncInvocationsDeps) {
    this.#deps = deps;
  }

  find(accountId: string, requestId: string): Promise<EventState | undefined> {
    return this.#deps.store.read(accountId, requestId);
  }

  /** Events that have not ended, newest first. @param functionName of all functions when absent */
  async open(accountId: string, functionName: string | undefined, limit: number): Promise<EventState[]> {
    const { store } = this.#deps;
    const names = functionName === undefined ? await store.functionsOf(accountId) : [functionName];
    const lists = await Promise.all(names.map((name) => store.list('open', accountId, name, limit)));
    const states = await Promise.all(lists.flat().map((requestId) => this.find(accountId, requestId)));
    const found = states.filter((state) => state !== undefined && !isFinal(state.status)) as EventState[];
    return found.sort((a, b) => b.acceptedAtMs - a.acceptedAtMs).slice(0, limit);
  }

  /**
   * Ends an event. One that waits is cancelled when this returns; one that runs is told to stop and is cancelled soon.
   * @throws ServiceError RECORD_NOT_FOUND, INVOCATION_ENDED
   */
  async cancel(accountId: string, requestId: string): Promise<EventState> {
    const { store, queues, clock } = this.#deps;
    const state = await this.#existing(accountId, requestId);
    const status = await store.cancel(state, clock.wallMs());
    if (status === 'cancelled') await queues.remove(state);
    if (status === 'missing') throw notFound();
    if (isFinal(status) && (status !== 'cancelled' || isFinal(state.status))) {
      throw new ServiceError('INVOCATION_ENDED', `The invocation has ended (${state.status}) and cannot be cancelled any more.`);
    }
    return { ...state, status };
  }

  /**
   * Runs a kept event, or a synchronous call whose payload is kept, again as a new event.
   * @throws ServiceError RECORD_NOT_FOUND, STORE_UNAVAILABLE and what {@link EventIntake.accept} throws
   */
  async replay(accountId: string, requestId: string, { qualifier, keyId, functions }: ReplayRequest): Promise<string> {
    const { intake, ids } = this.#deps;
    const state = await this.find(accountId, requestId);
    const found = state === undefined ? await this.findKept(accountId, requestId) : undefined;
    const kept = found !== undefined && functions?.covers(found.functionName) === false ? undefined : found;
    const repetition = { source: `replay:${requestId}`, keyId, qualifier };
    const event = kept === undefined ? repeated(existing(state), repetition) : repeatedCall({ accountId, requestId, kept }, repetition);
    return (await intake.acceptWith(event, ids.requestId(), [])).requestId;
  }

  /** The payload of a synchronous call. @throws ServiceError STORE_UNAVAILABLE */
  findKept(accountId: string, requestId: string): Promise<KeptPayload | undefined> {
    return this.#deps.keptPayloads.find(accountId, requestId);
  }

  async #existing(accountId: string, requestId: string): Promise<EventState> {
    return existing(await this.find(accountId, requestId));
  }
}

/** Who or what repeats an event. */
interface Repetition {
  source: string;
  keyId: string | undefined;
  /** Another version than the event was for. */
  qualifier?: string | undefined;
}

/** An event once more. Its depth stays: repeating is not a step deeper. */
export function repeated(state: EventState, { source, keyId, qualifier = state.qualifier }: Repetition): NewEvent {
  return {
    accountId: state.accountId,
    functionName: state.functionName,
    qualifier,
    payload: state.payload,
    contentType: state.contentType,
    clientContext: state.clientContext,
    traceparent: state.traceparent,
    tracestate: state.tracestate,
    source,
    keyId,
    depth: state.depth,
    replayOf: state.requestId,
  };
}

/** Its trace is not gone on with: who replays it is another caller. */
function repeatedCall(
  { accountId, requestId, kept }: { accountId: string; requestId: string; kept: KeptPayload },
  { source, keyId, qualifier }: Repetition,
): NewEvent {
  const { functionName, version, payload, contentType, clientContext } = kept;
  return {
    accountId,
    functionName,
    qualifier: qualifier ?? version,
    payload,
    contentType,
    clientContext,
    source,
    keyId,
    replayOf: requestId,
  };
}

/** @throws ServiceError RECORD_NOT_FOUND */
function existing(state: EventState | undefined): EventState {
  if (state === undefined) throw notFound();
  return state;
}

function notFound(): ServiceError {
  return new ServiceError('RECORD_NOT_FOUND', 'No event of that id is kept: it is unknown here, too old, or was a synchronous call.');
}

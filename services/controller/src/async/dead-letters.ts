import { createHash } from 'node:crypto';
import { type Clock, type Ids, ServiceError } from '@easyfaas/service-kit';
import { repeated } from './async-invocations';
import type { AsyncKeys } from './async-keys';
import { DELIVERY_KINDS, type EventState } from './event-state';
import type { RedisEventIntake } from './redis-event-intake';
import type { RedisEventStore } from './redis-event-store';

export interface DeadLettersDeps {
  store: RedisEventStore;
  intake: RedisEventIntake;
  keys: AsyncKeys;
  clock: Clock;
  ids: Ids;
}

/** Which of a function's dead letters; all of them when nothing is said. */
export interface DeadLetterFilter {
  requestIds?: string[];
  /** Such as `RetriesExhausted`. */
  condition?: string;
  errorType?: string;
  /** Of its end, milliseconds since the epoch. */
  sinceMs?: number;
  untilMs?: number;
}

/** Events that failed, or events whose destination could not be reached. */
export type DeadLetterKind = 'event' | 'delivery';

export interface Redrive {
  /** Also one that was redriven before, or that succeeded. */
  isForced: boolean;
  /** Whose key asks for it. */
  keyId?: string | undefined;
}

export interface Redriven {
  redriven: { requestId: string; newRequestId: string }[];
  /** What could not be redriven, and why. */
  refused: { requestId: string; code: string; message: string }[];
  /** There are more that fit the filter: ask again. */
  hasMore: boolean;
}

/** Dead letters looked at in one request. */
const BATCH = 500;

/** Events that came to no good end, by function; every method throws QUEUE_UNAVAILABLE when Redis is away. */
export class DeadLetters {
  readonly #deps: DeadLettersDeps;

  constructor(deps: DeadLettersDeps) {
    this.#deps = deps;
  }

  /** Newest first. */
  async list(
    accountId: string,
    functionName: string,
    filter: DeadLetterFilter,
    { kind, limit, offset }: PageRequest,
  ): Promise<DeadLetterPage> {
    const found: EventState[] = [];
    let at = offset;
    const total = await this.#deps.store.count(LISTS[kind], accountId, functionName);
    while (found.length < limit && at - offset < BATCH) {
      const requestIds = await this.#deps.store.list(LISTS[kind], accountId, functionName, limit, at);
      const states = await this.#read(accountId, requestIds);
      for (const state of states) {
        at++;
        if (state !== undefined && fits(state, filter)) found.push(state);
        if (found.length === limit) break;
      }
      if (requestIds.length < limit) return { letters: found, total };
    }
    return { letters: found, total, nextOffset: at };
  }

  /** @throws ServiceError DEAD_LETTER_NOT_FOUND */
  async read(accountId: string, functionName: string, requestId: string): Promise<EventState> {
    const state = await this.#deps.store.read(accountId, requestId);
    if (state?.functionName !== functionName || !(isDead(state) || isUndelivered(state))) throw notFound();
    return state;
  }

  /**
   * Runs one again, as a new event.
   * @throws ServiceError DEAD_LETTER_NOT_FOUND, INVOCATION_ENDED and what {@link EventIntake.accept} throws
   */
  async redriveOne(accountId: string, functionName: string, requestId: string, { isForced, keyId }: Redrive): Promise<string> {
    const { store, intake, keys, ids } = this.#deps;
    const state = await store.read(accountId, requestId);
    if (state === undefined || state.functionName !== functionName) throw notFound();
    if (!isForced) await this.#assertUnsolved(state);
    // Made of the old one's, so that two who redrive at once make one event.
    const newRequestId = isForced ? ids.requestId() : derivedId(requestId);
    const accepted = await intake.acceptWith(repeated(state, { source: `redrive:${requestId}`, keyId }), newRequestId, [
      {
        script: 'asyncRedrive',
        keys: [keys.invocation(accountId, requestId), keys.dead(accountId, functionName), keys.invocation(accountId, newRequestId)],
        args: [requestId, newRequestId],
      },
    ]);
    return accepted.requestId;
  }

  async redrive(
    accountId: string,
    functionName: string,
    filter: DeadLetterFilter,
    how: Redrive & { kind: DeadLetterKind },
  ): Promise<Redriven> {
    const chosen = await this.#choose(accountId, functionName, filter, how.kind);
    const result: Redriven = { redriven: [], refused: [], hasMore: chosen.hasMore };
    for (const requestId of chosen.requestIds) {
      try {
        const newRequestId =
          how.kind === 'delivery'
            ? await this.#deliverAgain(accountId, functionName, requestId)
            : await this.redriveOne(accountId, functionName, requestId, how);
        result.redriven.push({ requestId, newRequestId });
      } catch (error) {
        if (!(error instanceof ServiceError) || error.definition.retryable) throw error;
        result.refused.push({ requestId, code: error.code, message: error.message });
      }
    }
    return result;
  }

  /** Forgets them, with all that is known about the events. @returns how many */
  async purge(
    accountId: string,
    functionName: string,
    filter: DeadLetterFilter,
    kind: DeadLetterKind,
  ): Promise<{ purged: number; hasMore: boolean }> {
    const { requestIds, hasMore } = await this.#choose(accountId, functionName, filter, kind);
    const states = await this.#read(accountId, requestIds);
    const dead = states.filter((state) => state?.functionName === functionName && state.redrivenAs === undefined && isDead(state));
    await this.#deps.store.forget(
      'dead',
      accountId,
      functionName,
      dead.map((state) => state?.requestId ?? ''),
    );
    return { purged: dead.length, hasMore };
  }

  /** @returns the event's own id: only its delivery is repeated */
  async #deliverAgain(accountId: string, functionName: string, requestId: string): Promise<string> {
    const { store, clock } = this.#deps;
    const state = await store.read(accountId, requestId);
    const failed = DELIVERY_KINDS.filter((kind) => state?.[kind]?.status === 'failed');
    if (state?.functionName !== functionName || failed.length === 0) throw notFound();
    const again = failed.map((kind) => [kind, JSON.stringify({ ...state[kind], status: 'pending', attempts: 0 })]);
    await store.note(accountId, requestId, Object.fromEntries(again) as Record<string, string>);
    await store.deliverAgain(state, failed, clock.wallMs());
    return requestId;
  }

  async #choose(
    accountId: string,
    functionName: string,
    filter: DeadLetterFilter,
    kind: DeadLetterKind,
  ): Promise<{ requestIds: string[]; hasMore: boolean }> {
    if (filter.requestIds !== undefined) return { requestIds: filter.requestIds, hasMore: false };
    const page = await this.list(accountId, functionName, filter, { kind, limit: BATCH, offset: 0 });
    return { requestIds: page.letters.map(({ requestId }) => requestId), hasMore: page.nextOffset !== undefined };
  }

  /** @throws ServiceError INVOCATION_ENDED: there is nothing left to make good */
  async #assertUnsolved(state: EventState): Promise<void> {
    if (state.redrivenAs !== undefined) {
      const newer = await this.#deps.store.read(state.accountId, state.redrivenAs);
      const how = newer === undefined ? 'is not kept any more' : `is ${newer.status}`;
      throw ended(`The event was redriven as ${state.redrivenAs}, which ${how}; "force": true runs it once more.`);
    }
    if (hasFailed(state)) return;
    throw ended(`The event is ${state.status}, not a dead letter; "force": true runs it once more under a new id.`);
  }

  #read(accountId: string, requestIds: readonly string[]): Promise<(EventState | undefined)[]> {
    return Promise.all(requestIds.map((requestId) => this.#deps.store.read(accountId, requestId)));
  }
}

export interface DeadLetterPage {
  letters: EventState[];
  /** Of the function, whatever the filter. */
  total: number;
  /** Present when there may be more. */
  nextOffset?: number;
}

export interface PageRequest {
  kind: DeadLetterKind;
  limit: number;
  /** How many to leave out. */
  offset: number;
}

const LISTS = { event: 'dead', delivery: 'undelivered' } as const;
const hasFailed = ({ status }: EventState): boolean => status === 'failed' || status === 'expired';
const isDead = (state: EventState): boolean => hasFailed(state) && state.redrivenAs === undefined;
const isUndelivered = ({ delivery }: EventState): boolean => delivery?.status === 'failed';

/** Pure. */
export function fits({ condition, errorType, endedAtMs = 0, requestId }: EventState, filter: DeadLetterFilter): boolean {
  if (filter.requestIds !== undefined && !filter.requestIds.includes(requestId)) return false;
  if (filter.condition !== undefined && filter.condition !== condition) return false;
  if (filter.errorType !== undefined && filter.errorType !== errorType) return false;
  return endedAtMs >= (filter.sinceMs ?? 0) && endedAtMs <= (filter.untilMs ?? Infinity);
}

/** In the form of a UUID (version 8 of RFC 9562: made by a rule of our own). */
function derivedId(requestId: string): string {
  const hex = createHash('sha256').update(`redrive\0${requestId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const ended = (text: string): ServiceError => new ServiceError('INVOCATION_ENDED', text);
const notFound = (): ServiceError => new ServiceError('DEAD_LETTER_NOT_FOUND', 'The function has no dead letter of that id.');

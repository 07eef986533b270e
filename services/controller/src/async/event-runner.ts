import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { FunctionDirectory } from '../functions/function-directory';
import type { InvocationResult, Invoker } from '../invoke/invoker';
import type { AsyncMetrics } from './async-metrics';
import type { Chain } from './chain';
import { withFacts } from './delivery-context';
import type { EventFailpoints } from './event-failpoints';
import type { EventStop } from './event-stop';
import type { EventInvokeConfig, EventInvokeConfigKey } from './event-invoke-config';
import { type EventAttempt, type EventState, DELIVERY_KINDS, pendingDelivery } from './event-state';
import { attemptEndOf, attemptOf, fieldsOf, keptBody, outcomeOf } from './attempt-record';
import { type AttemptEnd, type Decision, type EventRules, decide, expiresAtMs } from './invocation-machine';
import type { RedisEventQueues } from './redis-event-queues';
import type { RedisEventStore, Settlement, TakenEvent } from './redis-event-store';

export interface EventRunnerDeps {
  clock: Clock;
  logger: Logger;
  store: RedisEventStore;
  queues: RedisEventQueues;
  invoker: Invoker;
  directory: FunctionDirectory;
  /** Mostly known without Redis. */
  configOf: (key: EventInvokeConfigKey) => EventInvokeConfig | Promise<EventInvokeConfig>;
  /** Mostly known without Redis. */
  chain: () => Chain | Promise<Chain>;
  metrics: AsyncMetrics;
  /** From 0 up to 1. */
  random: () => number;
  /** Bytes of a result that are kept. */
  resultLimitBytes: number;
  failpoints: EventFailpoints;
  /** @param event as it is now; @param result of the last try, when there was one */
  onEnded: (event: EventState, settlement: Settlement, result: InvocationResult | undefined) => void;
}

/** What a run says about the room for this function's events. */
export type RunReport = { hasRoom: boolean; pauseMs: number };

/** Tries that are remembered of one event. */
const ATTEMPTS_KEPT = 20;

/** Carries out one try of one event that was taken, up to its settlement in Redis. */
export class EventRunner {
  readonly #deps: EventRunnerDeps;

  constructor(deps: EventRunnerDeps) {
    this.#deps = deps;
  }

  /**
   * @param signal aborted when somebody does not want the event any more, or it goes back unspent
   * @param onRan called when the function has ended: what follows is writing down, and needs no room
   * @returns when the event is to be run again, milliseconds since the epoch; undefined when it has ended
   * @throws ServiceError QUEUE_UNAVAILABLE, QUEUE_FULL: the event is still this worker's
   */
  async run(event: TakenEvent, signal: EventStop, onRan: (report: RunReport) => void): Promise<number | undefined> {
    const { store, queues, clock, metrics } = this.#deps;
    const { state, token } = event;
    if (state === undefined) {
      await queues.finish(event, token);
      return undefined;
    }
    if (state.status === 'running') metrics.noteWorkerLost();
    const startedAtMs = clock.wallMs();
    const attempts = state.status === 'running' ? [...state.attempts, lostAttempt(state, startedAtMs)] : state.attempts;
    const known = this.#deps.configOf(state);
    const config = known instanceof Promise ? await known : known;
    const rules = rulesOf(state, config);
    if (state.cancelRequestedAtMs !== undefined) return this.#carryOut(state, token, attempts, { kind: 'cancelled' }, rules, undefined);
    if (startedAtMs > expiresAtMs(state, rules)) {
      return this.#settle(state, token, attempts, { kind: 'settle', status: 'expired', condition: 'EventAgeExceeded' }, undefined);
    }
    metrics.noteStart(startedAtMs - Math.max(state.acceptedAtMs, state.notBeforeMs ?? 0), state.attempt);
    const result = await this.#invoke(state, signal);
    const isDrained = result.kind === 'aborted' && signal.reason === 'drain';
    const attempt = attemptOf(state.attempt + 1, result, isDrained, startedAtMs, clock.wallMs());
    if (isDrained) {
      await this.#insist(() => store.release(event, token, true, { attempts: JSON.stringify(last([...attempts, attempt])) }));
      await queues.handBack(event, token);
      return 0;
    }
    const end = attemptEndOf(result, this.#isZeroReserved(state));
    onRan(reportOf(end));
    this.#deps.failpoints.reach('event-ran');
    return this.#carryOut(state, token, [...attempts, attempt], end, rules, result);
  }

  async #invoke(state: EventState, signal: EventStop): Promise<InvocationResult> {
    const known = this.#deps.chain();
    const chain = known instanceof Promise ? await known : known;
    const facts = {
      invocationId: state.requestId,
      attempt: state.attempt + 1,
      source: state.source,
      ...(state.replayOf === undefined ? {} : { replayOf: state.replayOf }),
      depth: chain.sign(state.depth + 1),
    };
    return this.#deps.invoker.invoke(
      {
        accountId: state.accountId,
        functionName: state.functionName,
        qualifier: state.qualifier,
        payload: state.payload,
        contentType: state.contentType,
        clientContext: withFacts(state.clientContext, facts),
        traceparent: state.traceparent,
        tracestate: state.tracestate,
        requestId: state.requestId,
        invokeType: 'Event',
        wantsLogTail: true,
        isRecorded: false,
      },
      signal,
    );
  }

  async #carryOut(
    state: EventState,
    token: string,
    attempts: EventAttempt[],
    end: AttemptEnd,
    rules: EventRules,
    result: InvocationResult | undefined,
  ): Promise<number | undefined> {
    const { store, queues, clock, random } = this.#deps;
    const nowMs = clock.wallMs();
    const decision = decide(state, end, rules, nowMs, random());
    if (decision.kind === 'settle') return this.#settle(state, token, attempts, decision, result);
    const { delayMs, functionErrors, faults } = decision;
    const noted = attempts.at(-1);
    if (noted !== undefined) noted.retryInMs = delayMs;
    const hasRun = result?.containerId !== undefined;
    const fields = {
      functionErrors,
      faults,
      ...fieldsOf(outcomeOf(result, state.errorType, last(attempts))),
      result: keptBody(result, this.#deps.resultLimitBytes),
    };
    const isOurs = await this.#insist(() => store.release(state, token, !hasRun, fields));
    if (isOurs) await this.#insist(() => queues.postpone(state, token, nowMs + delayMs, nowMs));
    return nowMs + delayMs;
  }

  async #settle(
    state: EventState,
    token: string,
    attempts: EventAttempt[],
    decision: Extract<Decision, { kind: 'settle' }>,
    result: InvocationResult | undefined,
  ): Promise<undefined> {
    const { store, clock, metrics, onEnded, resultLimitBytes, failpoints } = this.#deps;
    const { status, condition } = decision;
    const known = this.#deps.configOf(state);
    const config = known instanceof Promise ? await known : known;
    const destination = status === 'succeeded' ? config.DestinationConfig.OnSuccess : config.DestinationConfig.OnFailure;
    const isWanted = destination !== undefined && status !== 'cancelled';
    const hasCallback = state.callback !== undefined && status !== 'cancelled';
    const settlement: Settlement = {
      status,
      nowMs: clock.wallMs(),
      isDeadLetter: status === 'failed' || status === 'expired',
      deliveries: isWanted || hasCallback ? DELIVERY_KINDS.filter((kind) => (kind === 'delivery' ? isWanted : hasCallback)) : [],
      outcome: outcomeOf(result, state.errorType, last(attempts), condition),
      fields: {
        traceparent: result?.traceparent,
        result: keptBody(result, resultLimitBytes),
        delivery: isWanted ? JSON.stringify(pendingDelivery(destination.Destination, destination.Format)) : undefined,
      },
    };
    const isOurs = await this.#insist(() => store.settle(state, token, settlement));
    if (!isOurs) {
      metrics.noteStale();
      return undefined;
    }
    failpoints.reach('event-settled');
    metrics.noteEnded(status);
    Object.assign(state, {
      attempts,
      status,
      condition,
      traceparent: result?.traceparent ?? state.traceparent,
      attempt: state.attempt + (result === undefined ? 0 : 1),
    });
    onEnded(state, settlement, result);
    return undefined;
  }

  /** A function that may run nothing at all is not waited for. */
  #isZeroReserved({ accountId, functionName, qualifier }: EventState): boolean {
    try {
      const found: StoredFunction | Promise<StoredFunction> = this.#deps.directory.find(accountId, functionName, qualifier);
      if (!(found instanceof Promise)) return found.concurrency.ReservedConcurrentExecutions === 0;
      found.catch((error: unknown) => this.#deps.logger.debug('function could not be looked up', { functionName, error }));
      return false;
    } catch (error) {
      this.#deps.logger.debug('function could not be looked up', { functionName, error });
      return false;
    }
  }

  /** What a function did must not be lost because Redis is away for a while; another worker may take the event over meanwhile. */
  async #insist<T>(write: () => Promise<T>): Promise<T> {
    const { clock, logger } = this.#deps;
    for (let tries = 1; ; tries++) {
      try {
        return await write();
      } catch (error) {
        if (tries === INSISTING_TRIES) throw error;
        if (tries === 1) logger.warn('the end of an event could not be written yet', { error });
        await new Promise<void>((resolve) => clock.after(INSISTING_MS, resolve));
      }
    }
  }
}

/** Two minutes: longer than any restart of Redis, and the event is long with somebody else by then. */
const INSISTING_TRIES = 240;
const INSISTING_MS = 500;

/** How long a function is left alone for which there was no room, ms. */
const NO_ROOM_MS = 200;

function rulesOf(state: EventState, { MaximumRetryAttempts, MaximumEventAgeInSeconds }: EventInvokeConfig): EventRules {
  return {
    maximumRetryAttempts: state.maximumRetryAttempts ?? MaximumRetryAttempts,
    maximumAgeMs: state.maximumAgeMs ?? MaximumEventAgeInSeconds * 1000,
  };
}

function reportOf(end: AttemptEnd): RunReport {
  const hasRoom = end.kind !== 'platform-error' || !end.isRetryable;
  return { hasRoom, pauseMs: hasRoom ? 0 : Math.max(end.retryAfterMs, NO_ROOM_MS) };
}

const last = (attempts: readonly EventAttempt[]): EventAttempt[] => attempts.slice(-ATTEMPTS_KEPT);

function lostAttempt(state: EventState, nowMs: number): EventAttempt {
  return {
    attempt: state.attempt,
    startedAt: new Date(state.startedAtMs ?? nowMs).toISOString(),
    endedAt: new Date(nowMs).toISOString(),
    outcome: 'worker lost',
    message: 'The controller that ran it was lost, or lost its hold; the function may have run.',
  };
}

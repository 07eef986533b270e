import type { InvocationResult } from '../invoke/invoker';
import { IsoTime } from '../invoke/iso-time';
import type { EventAttempt, EventOutcome } from './event-state';
import type { AttemptEnd } from './invocation-machine';
import { plainText } from './plain-text';
import type { Fields } from './redis-event-store';
import { retryAfterMs } from './retry-policy';

const MESSAGE_CHARACTERS = 1024;
const ISO_TIME = new IsoTime();

/** What a result means for the event's life. @param isZeroReserved the function may run nothing at once */
export function attemptEndOf(result: InvocationResult, isZeroReserved: boolean): AttemptEnd {
  switch (result.kind) {
    case 'success':
      return { kind: 'success' };
    case 'function-error':
      return { kind: 'function-error' };
    case 'aborted':
      return { kind: 'cancelled' };
    case 'platform-error': {
      const { error } = result;
      return {
        kind: 'platform-error',
        isRetryable: error.definition.retryable,
        isZeroReserved: isZeroReserved && error.code === 'THROTTLED',
        retryAfterMs: retryAfterMs(error.headers),
      };
    }
  }
}

/** A try as it is remembered. */
export function attemptOf(
  attempt: number,
  result: InvocationResult,
  isDrained: boolean,
  startedAtMs: number,
  endedAtMs: number,
): EventAttempt {
  const base = {
    attempt,
    startedAt: ISO_TIME.format(startedAtMs),
    endedAt: ISO_TIME.format(endedAtMs),
    ...(result.containerId === undefined ? {} : { containerId: result.containerId }),
  };
  switch (result.kind) {
    case 'success':
      return { ...base, outcome: 'success' };
    case 'function-error':
      return { ...base, outcome: 'function error', reason: result.errorType, message: messageOf(result.body) };
    case 'platform-error':
      return { ...base, outcome: 'platform error', reason: result.error.code, message: result.error.message.slice(0, MESSAGE_CHARACTERS) };
    case 'aborted':
      return { ...base, outcome: isDrained ? 'handed back' : 'cancelled' };
  }
}

/** What is kept of a try. @param before error type that is kept of the try before */
export function outcomeOf(result: InvocationResult | undefined, before: string | undefined): EventOutcome {
  if (result === undefined) return {};
  const { executedVersion, stages } = result;
  const facts: EventOutcome = { executedVersion, logTail: result.logTail?.toString('utf8'), stages };
  switch (result.kind) {
    case 'success':
      facts.resultContentType = result.contentType;
      facts.resultBytes = result.body.length;
      if (before !== undefined) facts.errorType = '';
      return facts;
    case 'function-error':
      facts.resultContentType = 'application/json';
      facts.resultBytes = result.body.length;
      facts.errorType = result.errorType;
      return facts;
    case 'platform-error':
      facts.errorType = result.error.code;
      return facts;
    case 'aborted':
      return facts;
  }
}

/**
 * The body of a result as it is kept. Text goes to Redis as text: with bytes among its arguments, each argument of a command becomes bytes.
 * @param limitBytes more is not kept @returns undefined when there is none
 */
export function keptBody(result: InvocationResult | undefined, limitBytes: number): Buffer | string | undefined {
  if (result?.kind !== 'success' && result?.kind !== 'function-error') return undefined;
  return result.body.length > limitBytes ? '' : plainText(result.body);
}

/** Of an event that is tried again, field by field: its end has them together. */
export function fieldsOf({ attempts, stages, ...facts }: EventOutcome): Fields {
  return {
    ...facts,
    attempts: JSON.stringify(attempts),
    stages: stages === undefined ? undefined : JSON.stringify(stages),
  };
}

/** `errorMessage` of an error object that came from inside a container: it may be anything. */
export function messageOf(body: Buffer): string {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const message = typeof value === 'object' && value !== null && 'errorMessage' in value ? value.errorMessage : undefined;
    return typeof message === 'string' ? message.slice(0, MESSAGE_CHARACTERS) : '';
  } catch (error) {
    if (error instanceof SyntaxError) return '';
    throw error;
  }
}

import type { InvocationResult } from '../invoke/invoker';
import { IsoTime } from '../invoke/iso-time';
import type { EventAttempt, EventCondition, EventOutcome } from './event-state';
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

/**
 * What is kept of a try, and of the event when it was the last one.
 * @param before error type that is kept of the try before
 */
export function outcomeOf(
  result: InvocationResult | undefined,
  before: string | undefined,
  attempts: EventAttempt[],
  condition?: EventCondition,
): EventOutcome {
  const body = result?.kind === 'success' || result?.kind === 'function-error' ? result.body : undefined;
  return {
    condition,
    attempts,
    executedVersion: result?.executedVersion,
    logTail: result?.logTail?.toString('utf8'),
    stages: result?.stages,
    resultBytes: body?.length,
    resultContentType: contentTypeOf(result),
    errorType: errorTypeOf(result, before),
  };
}

function contentTypeOf(result: InvocationResult | undefined): string | undefined {
  if (result?.kind === 'success') return result.contentType;
  return result?.kind === 'function-error' ? 'application/json' : undefined;
}

/** Nothing says that what was kept stays. */
function errorTypeOf(result: InvocationResult | undefined, before: string | undefined): string | undefined {
  switch (result?.kind) {
    case 'success':
      return before === undefined ? undefined : '';
    case 'function-error':
      return result.errorType;
    case 'platform-error':
      return result.error.code;
    case 'aborted':
    case undefined:
      return undefined;
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

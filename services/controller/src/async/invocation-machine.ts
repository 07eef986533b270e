import type { EventCondition, EventState, EventStatus } from './event-state';
import { backoffMs } from './retry-policy';

/** How a try ended, as far as it matters for what comes next. */
export type AttemptEnd =
  | { kind: 'success' }
  | { kind: 'function-error' }
  /** Not the function's fault. */
  | { kind: 'platform-error'; isRetryable: boolean; isZeroReserved: boolean; retryAfterMs: number }
  | { kind: 'cancelled' };

export interface EventRules {
  /** Tries after the first one that failed in the function. */
  maximumRetryAttempts: number;
  maximumAgeMs: number;
}

export type Decision =
  | { kind: 'settle'; status: EventStatus; condition: EventCondition }
  | { kind: 'retry'; delayMs: number; functionErrors: number; faults: number };

type Facts = Pick<EventState, 'functionErrors' | 'faults' | 'acceptedAtMs' | 'notBeforeMs'>;

/**
 * What becomes of an event after a try: only failures of the function use up its retries; everything else is tried again until
 * the event is too old.
 * @param random from 0 up to 1
 */
export function decide(event: Facts, end: AttemptEnd, rules: EventRules, nowMs: number, random: number): Decision {
  switch (end.kind) {
    case 'success':
      return { kind: 'settle', status: 'succeeded', condition: 'Success' };
    case 'cancelled':
      return { kind: 'settle', status: 'cancelled', condition: 'Cancelled' };
    case 'function-error': {
      const functionErrors = event.functionErrors + 1;
      if (functionErrors > rules.maximumRetryAttempts) return { kind: 'settle', status: 'failed', condition: 'RetriesExhausted' };
      return retry(event, rules, nowMs, { delayMs: backoffMs(functionErrors, random), functionErrors, faults: 0 });
    }
    case 'platform-error': {
      if (end.isZeroReserved) return { kind: 'settle', status: 'failed', condition: 'ZeroReservedConcurrency' };
      if (!end.isRetryable) return { kind: 'settle', status: 'failed', condition: 'NotRunnable' };
      const faults = event.faults + 1;
      return retry(event, rules, nowMs, {
        delayMs: backoffMs(faults, random, end.retryAfterMs),
        functionErrors: event.functionErrors,
        faults,
      });
    }
  }
}

function retry(
  event: Facts,
  rules: EventRules,
  nowMs: number,
  next: { delayMs: number; functionErrors: number; faults: number },
): Decision {
  const isTooLate = nowMs + next.delayMs > expiresAtMs(event, rules);
  return isTooLate ? { kind: 'settle', status: 'expired', condition: 'EventAgeExceeded' } : { kind: 'retry', ...next };
}

/** Milliseconds since the epoch after which an event is not run any more; its age counts from when it may be run. */
export function expiresAtMs({ acceptedAtMs, notBeforeMs = 0 }: Facts, { maximumAgeMs }: EventRules): number {
  return Math.max(acceptedAtMs, notBeforeMs) + maximumAgeMs;
}

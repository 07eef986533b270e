import { type AttemptEnd, type EventRules, decide, expiresAtMs } from './invocation-machine';
import { backoffMs, retryAfterMs } from './retry-policy';

const EVENT = { functionErrors: 0, faults: 0, acceptedAtMs: 1_000_000, notBeforeMs: undefined };
const RULES: EventRules = { maximumRetryAttempts: 2, maximumAgeMs: 60_000 };
const NOW = 1_000_500;
const fault = (more: Partial<Extract<AttemptEnd, { kind: 'platform-error' }>> = {}): AttemptEnd => ({
  kind: 'platform-error',
  isRetryable: true,
  isZeroReserved: false,
  retryAfterMs: 0,
  ...more,
});

describe('what becomes of an event after a try', () => {
  it('is its end when the function succeeded or nobody wants it any more', () => {
    expect(decide(EVENT, { kind: 'success' }, RULES, NOW, 0.5)).toEqual({ kind: 'settle', status: 'succeeded', condition: 'Success' });
    expect(decide(EVENT, { kind: 'cancelled' }, RULES, NOW, 0.5)).toEqual({ kind: 'settle', status: 'cancelled', condition: 'Cancelled' });
  });

  it('is another try until the function has failed once more than it may', () => {
    expect(decide(EVENT, { kind: 'function-error' }, RULES, NOW, 0.5)).toEqual({
      kind: 'retry',
      delayMs: 500,
      functionErrors: 1,
      faults: 0,
    });
    expect(decide({ ...EVENT, functionErrors: 1 }, { kind: 'function-error' }, RULES, NOW, 0.5)).toMatchObject({ delayMs: 1000 });
    expect(decide({ ...EVENT, functionErrors: 2 }, { kind: 'function-error' }, RULES, NOW, 0.5)).toEqual({
      kind: 'settle',
      status: 'failed',
      condition: 'RetriesExhausted',
    });
    expect(decide(EVENT, { kind: 'function-error' }, { ...RULES, maximumRetryAttempts: 0 }, NOW, 0.5)).toMatchObject({ status: 'failed' });
  });

  it('does not count what is not the fault of the function, but ends with its age', () => {
    const tired = { ...EVENT, functionErrors: 2, faults: 3 };
    expect(decide(tired, fault(), RULES, NOW, 1)).toEqual({ kind: 'retry', delayMs: 8000, functionErrors: 2, faults: 4 });
    expect(decide(tired, fault({ retryAfterMs: 9000 }), RULES, NOW, 0)).toMatchObject({ delayMs: 9000 });
    expect(decide(tired, fault(), RULES, 1_059_000, 1)).toEqual({ kind: 'settle', status: 'expired', condition: 'EventAgeExceeded' });
    expect(decide(EVENT, { kind: 'function-error' }, RULES, 1_059_900, 1)).toMatchObject({ status: 'expired' });
  });

  it('is its end at once where a repetition cannot help', () => {
    expect(decide(EVENT, fault({ isRetryable: false }), RULES, NOW, 0)).toMatchObject({ status: 'failed', condition: 'NotRunnable' });
    expect(decide(EVENT, fault({ isZeroReserved: true }), RULES, NOW, 0)).toMatchObject({
      status: 'failed',
      condition: 'ZeroReservedConcurrency',
    });
  });

  it('counts the age from when the event may be run', () => {
    expect(expiresAtMs(EVENT, RULES)).toBe(1_060_000);
    expect(expiresAtMs({ ...EVENT, notBeforeMs: 2_000_000 }, RULES)).toBe(2_060_000);
  });
});

describe('the wait before another try', () => {
  it('doubles, has an end, and is a random part of itself', () => {
    expect([1, 2, 3, 4].map((failures) => backoffMs(failures, 1))).toEqual([1000, 2000, 4000, 8000]);
    expect(backoffMs(50, 1)).toBe(300_000);
    expect(backoffMs(5, 0)).toBe(0);
  });

  it('is at least what Retry-After says', () => {
    expect(backoffMs(1, 0, retryAfterMs({ 'Retry-After': '7' }))).toBe(7000);
    expect(retryAfterMs({})).toBe(0);
    expect(retryAfterMs({ 'Retry-After': 'soon' })).toBe(0);
  });
});

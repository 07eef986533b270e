export interface Drain {
  /** Calls that come before. */
  ahead: number;
  /** Calls that can run at once. */
  slots: number;
  /** Mean time of a call lately, ms; undefined when none has ended yet. */
  meanCallMs: number | undefined;
}

/** Taken for a call's time while none has ended. */
const FIRST_GUESS_MS = 1000;
export const RETRY_AFTER_MAX_S = 60;

/**
 * In how many seconds a refused caller does well to come again: when those before it will have gone through. Whole seconds,
 * as `Retry-After` (RFC 9110) wants them, from 1 to 60.
 */
export function retryAfterSeconds({ ahead, slots, meanCallMs = FIRST_GUESS_MS }: Drain): number {
  const seconds = Math.ceil((ahead * meanCallMs) / Math.max(1, slots) / 1000);
  return Math.min(RETRY_AFTER_MAX_S, Math.max(1, seconds));
}

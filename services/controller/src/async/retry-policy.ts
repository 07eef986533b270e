/** Exponential with full jitter (as AWS's architecture blog recommends): the first step and the longest, ms. */
const BASE_MS = 1000;
const CAP_MS = 300_000;

/**
 * How long to wait before trying again.
 * @param failures so far, from 1
 * @param random from 0 up to 1
 * @param atLeastMs what the failure itself asked for (`Retry-After`)
 */
export function backoffMs(failures: number, random: number, atLeastMs = 0): number {
  const longestMs = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return Math.max(atLeastMs, Math.round(longestMs * random));
}

/** `Retry-After` as milliseconds; only the form in seconds is ours. 0 when there is none. */
export function retryAfterMs(headers: Readonly<Record<string, string>>): number {
  const seconds = Number(headers['Retry-After'] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(CAP_MS, seconds * 1000) : 0;
}

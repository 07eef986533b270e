import type { RateLimit } from '@easyfaas/contracts/wire';

/** A token bucket that allocates nothing when one is taken: it stands on the hot path. */
export class RateBucket {
  #limit: RateLimit;
  #tokens: number;
  #atMs: number;

  constructor(limit: RateLimit, nowMs: number) {
    this.#limit = limit;
    this.#tokens = limit.Burst;
    this.#atMs = nowMs;
  }

  get limit(): RateLimit {
    return this.#limit;
  }

  /** Goes on with another limit; what was taken stays taken. */
  set limit(limit: RateLimit) {
    this.#limit = limit;
  }

  /** Takes one. @returns 0 when there was one, else how long to wait for the next, ms */
  take(nowMs: number): number {
    const { RequestsPerSecond, Burst } = this.#limit;
    this.#tokens = Math.min(Burst, this.#tokens + ((nowMs - this.#atMs) / 1000) * RequestsPerSecond);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return ((1 - this.#tokens) / RequestsPerSecond) * 1000;
    this.#tokens -= 1;
    return 0;
  }
}

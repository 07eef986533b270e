import type { RateLimit } from '@easyfaas/contracts/wire';
import type { Clock } from '@easyfaas/service-kit';

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets kept; the one made longest ago goes first. */
const CAPACITY = 10_000;

/** Requests per second with bursts, per name, on this pod. */
export class TokenBuckets {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes one. @returns 0 when there was one, else how long to wait for the next, ms */
  take(name: string, { RequestsPerSecond, Burst }: RateLimit): number {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(name) ?? this.#add(name, { tokens: Burst, atMs: nowMs });
    bucket.tokens = Math.min(Burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * RequestsPerSecond);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return ((1 - bucket.tokens) / RequestsPerSecond) * 1000;
    bucket.tokens -= 1;
    return 0;
  }

  #add(name: string, bucket: Bucket): Bucket {
    const oldest = this.#buckets.size >= CAPACITY ? this.#buckets.keys().next().value : undefined;
    if (oldest !== undefined) this.#buckets.delete(oldest);
    this.#buckets.set(name, bucket);
    return bucket;
  }
}

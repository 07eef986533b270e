import type { Clock, ServiceError } from '@easyfaas/service-kit';
import { throttled } from '../invoke/admission';
import { FunctionLimit } from './function-limit';
import type { StoredKey } from './key-store';
import type { Principal } from './principal';
import { RateBucket } from './rate-bucket';

/** A key that was checked, with what each request by it is measured against. */
export interface KnownKey {
  readonly principal: Principal;
  /** Milliseconds since the epoch; Infinity when it does not expire. */
  readonly expiresAtMs: number;
  readonly bucket: RateBucket | undefined;
}

const BUCKETS_KEPT = 10_000;

/** Makes checked keys of stored ones and admits requests by them. All secrets of one key share its rate. */
export class KnownKeys {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, RateBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param validUntil of the secret that was shown, where it ends before the key; ISO 8601 */
  of({ keyId, accountId, scopes, functions, expiresAt, rateLimit }: StoredKey, validUntil?: string): KnownKey {
    const limit = functions === undefined ? undefined : new FunctionLimit(functions);
    return {
      principal: { keyId, accountId, scopes, functions: limit },
      expiresAtMs: Math.min(timeOf(expiresAt), timeOf(validUntil)),
      bucket: rateLimit === undefined ? undefined : this.#bucketOf(keyId, rateLimit),
    };
  }

  hasExpired({ expiresAtMs }: KnownKey): boolean {
    return expiresAtMs !== Infinity && this.#clock.wallMs() >= expiresAtMs;
  }

  /** Counts one request. @throws ServiceError THROTTLED */
  admit({ bucket }: KnownKey): void {
    if (bucket === undefined) return;
    const waitMs = bucket.take(this.#clock.monotonicMs());
    if (waitMs !== 0) throw overRate(bucket, waitMs);
  }

  #bucketOf(keyId: string, limit: NonNullable<StoredKey['rateLimit']>): RateBucket {
    const known = this.#buckets.get(keyId);
    if (known !== undefined) {
      known.limit = limit;
      return known;
    }
    const oldest = this.#buckets.size >= BUCKETS_KEPT ? this.#buckets.keys().next().value : undefined;
    if (oldest !== undefined) this.#buckets.delete(oldest);
    const made = new RateBucket(limit, this.#clock.monotonicMs());
    this.#buckets.set(keyId, made);
    return made;
  }
}

/** A time that cannot be read has passed: better a key that does not work than one that never ends. */
function timeOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? 0 : ms;
}

function overRate({ limit: { RequestsPerSecond, Burst } }: RateBucket, waitMs: number): ServiceError {
  const text = `This key may make ${RequestsPerSecond} requests a second (${Burst} at once) on each pod; wait, or ask for a key with a higher RateLimit.`;
  return throttled('KeyRateExceeded', text, Math.max(1, Math.ceil(waitMs / 1000)));
}

import { ServiceError, type Clock, type Logger } from '@easyfaas/service-kit';
import { RevalidatingCache } from '../revalidating-cache';
import { FailureThrottle } from './failure-throttle';
import { keyIdOf, matchesHash } from './key-format';
import type { KeyStore } from './key-store';
import type { Authenticator, Principal } from './principal';

/** A verified key is believed this long without looking, ms. */
const FRESH_MS = 5000;
/** And this long while it is looked at again in the background. */
const GRACE_MS = 10_000;
/** While the store is away no key can be made or revoked. */
const OUTAGE_MS = 24 * 3_600_000;
const KEYS_REMEMBERED = 10_000;
const FAILURES_PER_MINUTE = 10;
const SOURCES_REMEMBERED = 10_000;

type OnUnsealed = (keyId: string, credential: string) => void;

/**
 * Keys checked against the store's hashes. A key seen lately costs one look-up by the whole text, no hash: memory holds the
 * key in clear while it is in use, as it holds every request. Wrong keys are counted per source; a key in use passes also
 * while its source is throttled.
 */
export class KeyAuthenticator implements Authenticator {
  readonly #cache: RevalidatingCache<Principal>;
  readonly #throttle: FailureThrottle;

  /** @param onUnsealed told of each key in use that is not sealed yet, with the whole of it */
  constructor({ store, clock, logger, onUnsealed }: { store: KeyStore; clock: Clock; logger: Logger; onUnsealed: OnUnsealed }) {
    this.#throttle = new FailureThrottle({ clock, limit: FAILURES_PER_MINUTE, windowMs: 60_000, capacity: SOURCES_REMEMBERED });
    this.#cache = new RevalidatingCache<Principal>({
      load: (credential) => verify(store, credential, onUnsealed),
      clock,
      freshMs: FRESH_MS,
      graceMs: GRACE_MS,
      negativeMs: 0,
      outageMs: OUTAGE_MS,
      capacity: KEYS_REMEMBERED,
      onBackgroundError: (error) => logger.warn('key could not be checked again', { error }),
    });
    store.onRevoked((keyId) => {
      this.#cache.invalidateWhere((principal) => principal.keyId === keyId);
    });
    store.onGap(() => this.#cache.expireAll());
  }

  authenticate(credential: string | undefined, source: string): Principal | Promise<Principal> {
    if (credential === undefined || credential === '') throw unauthorized();
    const cached = this.#cache.peek(credential);
    if (cached !== undefined) return cached;
    if (!this.#cache.has(credential)) this.#assertNotThrottled(source);
    if (keyIdOf(credential) === undefined) throw this.#failed(source);
    const found = this.#cache.get(credential);
    if (found instanceof Promise) return found.then((principal) => principal ?? this.#reject(source));
    return found ?? this.#reject(source);
  }

  #assertNotThrottled(source: string): void {
    const waitMs = this.#throttle.waitMs(source);
    if (waitMs === 0) return;
    throw new ServiceError(
      'THROTTLED',
      `Over ${FAILURES_PER_MINUTE} wrong keys in a minute from this address; wait, then send a right one.`,
      {
        headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)), Reason: 'WrongKeys' },
      },
    );
  }

  #reject(source: string): never {
    throw this.#failed(source);
  }

  #failed(source: string): ServiceError {
    this.#throttle.recordFailure(source);
    return unauthorized();
  }
}

/** One text for every way to have no valid key. */
export function unauthorized(): ServiceError {
  return new ServiceError('UNAUTHORIZED', 'A valid key is needed: send `Authorization: Bearer <key>`.');
}

async function verify(store: KeyStore, credential: string, onUnsealed: OnUnsealed): Promise<Principal | undefined> {
  const keyId = keyIdOf(credential);
  if (keyId === undefined) return undefined;
  const stored = await store.find(keyId);
  // A store that lost everything knows no key at all, right ones neither: nobody is to blame until it has its admin key again.
  if (stored === undefined && (await store.adminKeyId()) === undefined) {
    throw new ServiceError('STORE_UNAVAILABLE', 'The store has no keys yet; the admin key is being registered. Try again shortly.');
  }
  if (!matchesHash(credential, stored?.sha256) || stored === undefined) return undefined;
  if (stored.sealed === undefined) onUnsealed(keyId, credential);
  return { keyId, accountId: stored.accountId, scopes: stored.scopes };
}

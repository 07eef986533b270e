import { ServiceError, type Clock, type Logger } from '@easyfaas/service-kit';
import { RevalidatingCache } from '../revalidating-cache';
import { FailureThrottle } from './failure-throttle';
import { keyIdOf, matchesHash } from './key-format';
import type { KeyStore, StoredKey } from './key-store';
import { KeyUses } from './key-uses';
import { KnownKeys, type KnownKey } from './known-keys';
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
  readonly #cache: RevalidatingCache<KnownKey>;
  readonly #known: KnownKeys;
  readonly #throttle: FailureThrottle;
  readonly #uses: KeyUses;

  /** @param onUnsealed told of each key in use that is not sealed yet, with the whole of it */
  constructor({ store, clock, logger, onUnsealed }: { store: KeyStore; clock: Clock; logger: Logger; onUnsealed: OnUnsealed }) {
    this.#throttle = new FailureThrottle({ clock, limit: FAILURES_PER_MINUTE, windowMs: 60_000, capacity: SOURCES_REMEMBERED });
    this.#known = new KnownKeys(clock);
    this.#uses = new KeyUses({ store, clock, logger });
    this.#cache = new RevalidatingCache<KnownKey>({
      load: async (credential) => {
        const found = await verify(store, credential, onUnsealed);
        if (found === undefined) return undefined;
        this.#uses.note(found.stored.keyId);
        return this.#known.of(found.stored, found.validUntil);
      },
      clock,
      freshMs: FRESH_MS,
      graceMs: GRACE_MS,
      negativeMs: 0,
      outageMs: OUTAGE_MS,
      capacity: KEYS_REMEMBERED,
      onBackgroundError: (error) => logger.warn('key could not be checked again', { error }),
    });
    store.onRevoked((keyId) => {
      this.#cache.invalidateWhere(({ principal }) => principal.keyId === keyId);
    });
    store.onGap(() => this.#cache.expireAll());
  }

  authenticate(credential: string | undefined, source: string): Principal | Promise<Principal> {
    if (credential === undefined || credential === '') throw unauthorized();
    const cached = this.#cache.peek(credential);
    if (cached !== undefined) return this.#admit(cached, source);
    if (!this.#cache.has(credential)) this.#assertNotThrottled(source);
    if (keyIdOf(credential) === undefined) throw this.#failed(source);
    const found = this.#cache.get(credential);
    if (found instanceof Promise) return found.then((known) => this.#admit(known, source));
    return this.#admit(found, source);
  }

  isValid(credential: string | undefined): boolean | Promise<boolean> {
    if (credential === undefined) return false;
    const found = this.#cache.get(credential);
    if (found instanceof Promise) return found.then((known) => this.#isGood(known));
    return this.#isGood(found);
  }

  #isGood(known: KnownKey | undefined): known is KnownKey {
    return known !== undefined && !this.#known.hasExpired(known);
  }

  #admit(known: KnownKey | undefined, source: string): Principal {
    if (!this.#isGood(known)) throw this.#failed(source);
    this.#known.admit(known);
    return known.principal;
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

  #failed(source: string): ServiceError {
    this.#throttle.recordFailure(source);
    return unauthorized();
  }
}

/** One text for every way to have no valid key. */
export function unauthorized(): ServiceError {
  return new ServiceError('UNAUTHORIZED', 'A valid key is needed: send `Authorization: Bearer <key>`.');
}

interface Found {
  stored: StoredKey;
  /** Of a secret that was replaced. */
  validUntil: string | undefined;
}

async function verify(store: KeyStore, credential: string, onUnsealed: OnUnsealed): Promise<Found | undefined> {
  const keyId = keyIdOf(credential);
  if (keyId === undefined) return undefined;
  const stored = await store.find(keyId);
  // A store that lost everything knows no key at all, right ones neither: nobody is to blame until it has its admin key again.
  if (stored === undefined && (await store.adminKeyId()) === undefined) {
    throw new ServiceError('STORE_UNAVAILABLE', 'The store has no keys yet; the admin key is being registered. Try again shortly.');
  }
  const isCurrent = matchesHash(credential, stored?.sha256);
  const isPrevious = matchesHash(credential, stored?.previous?.sha256);
  if (stored === undefined || (!isCurrent && !isPrevious)) return undefined;
  if (isCurrent && stored.sealed === undefined) onUnsealed(keyId, credential);
  return { stored, validUntil: isCurrent ? undefined : stored.previous?.validUntil };
}

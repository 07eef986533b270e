import type { Clock, Logger } from '@easyfaas/service-kit';
import type { KeyStore } from './key-store';

/** A use is written down this often for each key and pod, ms. */
const EVERY_MS = 60_000;
const KEYS_REMEMBERED = 10_000;

/** When keys were used last, for whoever has to decide which ones can go. Never in the way of a request. */
export class KeyUses {
  readonly #options: { store: KeyStore; clock: Clock; logger: Logger };
  readonly #notedAtMs = new Map<string, number>();

  constructor(options: { store: KeyStore; clock: Clock; logger: Logger }) {
    this.#options = options;
  }

  /** Called each time that a key in use is looked at again, which is every few seconds. */
  note(keyId: string): void {
    const { store, clock, logger } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#notedAtMs.get(keyId) ?? -Infinity) < EVERY_MS) return;
    if (this.#notedAtMs.size >= KEYS_REMEMBERED) this.#notedAtMs.clear();
    this.#notedAtMs.set(keyId, nowMs);
    store
      .touch(keyId, new Date(clock.wallMs()).toISOString())
      .catch((error: unknown) => logger.warn('use of a key not noted', { keyId, error }));
  }
}

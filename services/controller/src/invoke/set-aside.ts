import type { Clock, Logger } from '@easyfaas/service-kit';
import type { AccountShare } from './admission';

export interface SetAsideDeps {
  clock: Clock;
  logger: Logger;
  /** Sum of an account's reservations, from the store. */
  load: (accountId: string) => Promise<number>;
}

/** A notice of a change may be lost: the sum is read again this often, ms. */
const REFRESH_MS = 60_000;
/** So soon after a failure, ms. */
const RETRY_MS = 5000;

interface Watched {
  account: AccountShare;
  isLoading: boolean;
  isStale: boolean;
  cancelRefresh: () => void;
}

/** Keeps the sum of reservations of each account whose functions are called. While it is not known, nothing is set aside. */
export class SetAside {
  readonly #deps: SetAsideDeps;
  readonly #watched = new Map<string, Watched>();
  #isStopped = false;

  constructor(deps: SetAsideDeps) {
    this.#deps = deps;
  }

  watch(account: AccountShare): void {
    const watched = { account, isLoading: false, isStale: false, cancelRefresh: () => undefined };
    this.#watched.set(account.accountId, watched);
    void this.#load(watched);
  }

  /** A function of the account was changed. */
  onChange(accountId: string): void {
    const watched = this.#watched.get(accountId);
    if (watched !== undefined) void this.#load(watched);
  }

  stop(): void {
    this.#isStopped = true;
    for (const { cancelRefresh } of this.#watched.values()) cancelRefresh();
  }

  async #load(watched: Watched): Promise<void> {
    const { clock, logger, load } = this.#deps;
    watched.isStale = true;
    // What changes while it is read may not be in it: read once more then.
    if (watched.isLoading) return;
    watched.isLoading = true;
    let nextMs = REFRESH_MS;
    while (watched.isStale && !this.#isStopped) {
      watched.isStale = false;
      try {
        watched.account.setAside = await load(watched.account.accountId);
      } catch (error) {
        logger.warn('reservations could not be read', { accountId: watched.account.accountId, error });
        nextMs = RETRY_MS;
      }
    }
    watched.isLoading = false;
    watched.cancelRefresh();
    if (!this.#isStopped) watched.cancelRefresh = clock.after(nextMs, () => void this.#load(watched));
  }
}

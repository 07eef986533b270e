import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import { RevalidatingCache } from '../revalidating-cache';
import type { FunctionChange, FunctionDirectory } from './function-directory';
import { LATEST, functionNotFound } from './function-name';
import type { FunctionStore } from './function-store';

const FRESH_MS = 30_000;
const GRACE_MS = 60_000;
/** A name that does not exist is not looked up for each call of a client in a loop. */
const NEGATIVE_MS = 1000;
/** While the store is away nobody can change a function: what was true when it went is still true. */
const OUTAGE_MS = 3_600_000;
const CAPACITY = 10_000;

/** The functions in memory; see {@link FunctionDirectory}. */
export class CachedFunctionDirectory implements FunctionDirectory {
  readonly #cache: RevalidatingCache<StoredFunction>;
  readonly #listeners: ((change: FunctionChange) => void)[] = [];

  constructor({ store, clock, logger }: { store: FunctionStore; clock: Clock; logger: Logger }) {
    this.#cache = new RevalidatingCache<StoredFunction>({
      load: (key) => {
        const at = key.indexOf(':');
        return store.get(key.slice(0, at), key.slice(at + 1));
      },
      clock,
      freshMs: FRESH_MS,
      graceMs: GRACE_MS,
      negativeMs: NEGATIVE_MS,
      outageMs: OUTAGE_MS,
      capacity: CAPACITY,
      onReload: (_key, before, now) => this.#compare(before, now),
      onBackgroundError: (error) => logger.warn('function could not be refreshed', { error }),
    });
    store.onChange((change) => {
      this.#cache.invalidate(`${change.accountId}:${change.functionName}`);
      this.#tell(change);
    });
    store.onGap(() => this.#cache.expireAll());
  }

  find(accountId: string, functionName: string, qualifier: string): StoredFunction | Promise<StoredFunction> {
    if (qualifier !== LATEST) throw functionNotFound(functionName, qualifier);
    const found = this.#cache.get(`${accountId}:${functionName}`);
    if (found instanceof Promise) return found.then((value) => orNotFound(value, functionName));
    return orNotFound(found, functionName);
  }

  onChange(listener: (change: FunctionChange) => void): void {
    this.#listeners.push(listener);
  }

  /** A change whose notice was lost shows when the entry is loaded again. */
  #compare(before: StoredFunction, now: StoredFunction | undefined): void {
    const { accountId, configuration } = before;
    const commitId = now?.configuration.CommitId;
    if (commitId === configuration.CommitId) return;
    this.#tell({ accountId, functionName: configuration.FunctionName, ...(commitId === undefined ? {} : { commitId }) });
  }

  #tell(change: FunctionChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function orNotFound(found: StoredFunction | undefined, functionName: string): StoredFunction {
  if (found === undefined) throw functionNotFound(functionName);
  return found;
}

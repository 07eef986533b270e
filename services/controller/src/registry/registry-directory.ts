import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { DeletedVersion, FunctionChange, FunctionDirectory } from '../functions/function-directory';
import { LATEST, functionNotFound } from '../functions/function-name';
import { RevalidatingCache } from '../revalidating-cache';
import type { RegistryFunctions } from './registry-functions';

export interface RegistryDirectoryOptions {
  functions: Pick<RegistryFunctions, 'find'>;
  /** An answer is served so long without a question; twice as long while it is asked for anew, ms. */
  ttlMs: number;
  /** While the registry is down, or answers what cannot be used, ms. */
  staleMs: number;
  clock: Clock;
  logger: Logger;
}

const NEGATIVE_MS = 1000;
const CAPACITY = 10_000;

/** The hot path's view of a registry's functions; see {@link FunctionDirectory}. Nobody tells of changes: they show when an answer is asked for anew. */
export class RegistryDirectory implements FunctionDirectory {
  readonly #cache: RevalidatingCache<StoredFunction>;
  readonly #listeners: ((change: FunctionChange) => void)[] = [];
  readonly #deletionListeners: ((deleted: DeletedVersion) => void)[] = [];

  constructor({ functions, ttlMs, staleMs, clock, logger }: RegistryDirectoryOptions) {
    this.#cache = new RevalidatingCache<StoredFunction>({
      clock,
      freshMs: ttlMs,
      graceMs: 2 * ttlMs,
      negativeMs: NEGATIVE_MS,
      outageMs: staleMs,
      capacity: CAPACITY,
      load: (key) => {
        const [accountId = '', functionName = '', qualifier = ''] = key.split(':');
        return functions.find({ accountId, functionName, qualifier });
      },
      onReload: (key, before, now) => this.#compare(key, before, now),
      onBackgroundError: (error) => logger.warn('the function registry could not be asked', { error }),
    });
  }

  find(accountId: string, functionName: string, qualifier: string): StoredFunction | Promise<StoredFunction> {
    const there = (found: StoredFunction | undefined): StoredFunction => {
      if (found === undefined) throw functionNotFound(functionName, qualifier === LATEST ? undefined : qualifier);
      return found;
    };
    const found = this.#cache.get(`${accountId}:${functionName}:${qualifier}`);
    return found instanceof Promise ? found.then(there) : there(found);
  }

  onChange(listener: (change: FunctionChange) => void): void {
    this.#listeners.push(listener);
  }

  onVersionDeleted(listener: (deleted: DeletedVersion) => void): void {
    this.#deletionListeners.push(listener);
  }

  #compare(key: string, { accountId, configuration }: StoredFunction, now: StoredFunction | undefined): void {
    const qualifier = key.slice(key.lastIndexOf(':') + 1);
    const { FunctionName: functionName, Version: version, CommitId } = configuration;
    if (qualifier !== LATEST) {
      // An alias that points elsewhere now says nothing of the version that it left.
      if (now === undefined && qualifier === version)
        for (const tell of this.#deletionListeners) tell({ accountId, functionName, version });
      return;
    }
    const commitId = now?.configuration.CommitId;
    if (commitId === CommitId) return;
    // Not in the middle of the cache's own work: listeners look the function up again.
    queueMicrotask(() => {
      for (const tell of this.#listeners) tell({ accountId, functionName, ...(commitId === undefined ? {} : { commitId }) });
    });
  }
}

import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import { RevalidatingCache } from '../revalidating-cache';
import { aliasTarget, chooseVersion, type AliasTarget } from './alias-routing';
import type { DeletedVersion, FunctionChange, FunctionDirectory } from './function-directory';
import { isUnsettled } from './settlement-rules';
import { asOf } from './version-as-of';
import { LATEST, VERSION_NUMBER, functionNotFound } from './function-name';
import type { FunctionStore } from './function-store';
import type { QualifierChange } from './version-store';

const FRESH_MS = 30_000;
const GRACE_MS = 60_000;
/** A name that does not exist is not looked up for each call of a client in a loop. */
const NEGATIVE_MS = 1000;
/** While the store is away nobody can change a function: what was true when it went is still true. */
const OUTAGE_MS = 3_600_000;
const CAPACITY = 10_000;

export interface CachedFunctionDirectoryOptions {
  store: FunctionStore;
  clock: Clock;
  logger: Logger;
  /** From 0 to below 1, evenly spread: chooses between the versions of an alias. */
  random: () => number;
  /** Told of each function that is loaded while it is unsettled. */
  onUnsettled?: (stored: StoredFunction) => void;
}

/** A function with all that its qualifiers mean. */
interface FunctionEntry {
  latest: StoredFunction;
  aliases: ReadonlyMap<string, AliasTarget>;
  /** What was handed out of each version, so that it is the same object each time. */
  handedOut: Map<string, { version: StoredFunction; merged: StoredFunction }>;
}

/** The functions in memory; see {@link FunctionDirectory}. */
export class CachedFunctionDirectory implements FunctionDirectory {
  readonly #functions: RevalidatingCache<FunctionEntry>;
  /** Published versions as they are stored. They never change; they can be deleted, and come again with a function made anew. */
  readonly #versions: RevalidatingCache<StoredFunction>;
  readonly #random: () => number;
  readonly #listeners: ((change: FunctionChange) => void)[] = [];
  readonly #deletionListeners: ((deleted: DeletedVersion) => void)[] = [];

  constructor({ store, clock, logger, random, onUnsettled }: CachedFunctionDirectoryOptions) {
    this.#random = random;
    const shared = {
      clock,
      freshMs: FRESH_MS,
      graceMs: GRACE_MS,
      negativeMs: NEGATIVE_MS,
      outageMs: OUTAGE_MS,
      capacity: CAPACITY,
      onBackgroundError: (error: unknown) => logger.warn('function could not be refreshed', { error }),
    };
    this.#functions = new RevalidatingCache<FunctionEntry>({
      ...shared,
      load: async (key) => {
        const entry = await loadEntry(store, key);
        if (entry !== undefined && isUnsettled(entry.latest)) onUnsettled?.(entry.latest);
        return entry;
      },
      onReload: (_key, before, now) => this.#compare(before.latest, now?.latest),
    });
    this.#versions = new RevalidatingCache<StoredFunction>({
      ...shared,
      load: (key) => {
        const [accountId = '', functionName = '', version = ''] = key.split(':');
        return store.versions.get({ accountId, functionName }, version);
      },
      onReload: (_key, before, now) => {
        if (now === undefined) this.#tellDeleted(deletedVersion(before));
      },
    });
    store.onChange((change) => this.#onFunctionChange(change));
    store.versions.onChange((change) => this.#onQualifierChange(change));
    store.onGap(() => {
      this.#functions.expireAll();
      this.#versions.expireAll();
    });
  }

  find(accountId: string, functionName: string, qualifier: string): StoredFunction | Promise<StoredFunction> {
    const found = this.#functions.get(`${accountId}:${functionName}`);
    if (found instanceof Promise) return found.then((entry) => this.#resolve(entry, accountId, functionName, qualifier));
    return this.#resolve(found, accountId, functionName, qualifier);
  }

  onChange(listener: (change: FunctionChange) => void): void {
    this.#listeners.push(listener);
  }

  onVersionDeleted(listener: (deleted: DeletedVersion) => void): void {
    this.#deletionListeners.push(listener);
  }

  #resolve(
    entry: FunctionEntry | undefined,
    accountId: string,
    functionName: string,
    qualifier: string,
  ): StoredFunction | Promise<StoredFunction> {
    if (entry === undefined) throw functionNotFound(functionName);
    if (qualifier === LATEST) return entry.latest;
    const version = this.#versionOf(entry, qualifier);
    if (version === undefined) throw functionNotFound(functionName, qualifier);
    if (version === LATEST) return entry.latest;
    const found = this.#versions.get(`${accountId}:${functionName}:${version}`);
    if (found instanceof Promise) return found.then((loaded) => handOut(entry, loaded, functionName, version));
    return handOut(entry, found, functionName, version);
  }

  #versionOf({ aliases }: FunctionEntry, qualifier: string): string | undefined {
    const target = aliases.get(qualifier);
    if (target !== undefined) return target.other === undefined ? target.version : chooseVersion(target, this.#random());
    return VERSION_NUMBER.test(qualifier) ? qualifier : undefined;
  }

  #onFunctionChange(change: FunctionChange): void {
    const { accountId, functionName, commitId } = change;
    this.#functions.invalidate(`${accountId}:${functionName}`);
    if (commitId === undefined) {
      this.#versions.invalidateWhere((_version, key) => key.startsWith(`${accountId}:${functionName}:`));
    }
    // Whoever deploys a function calls it next.
    else this.#functions.prefetch(`${accountId}:${functionName}`);
    this.#tell(change);
  }

  #onQualifierChange({ accountId, functionName, publishedVersion, deletedVersion }: QualifierChange): void {
    this.#functions.invalidate(`${accountId}:${functionName}`);
    const version = publishedVersion ?? deletedVersion;
    if (version !== undefined) this.#versions.invalidate(`${accountId}:${functionName}:${version}`);
    if (deletedVersion !== undefined) this.#tellDeleted({ accountId, functionName, version: deletedVersion });
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

  #tellDeleted(deleted: DeletedVersion): void {
    for (const listener of this.#deletionListeners) listener(deleted);
  }
}

async function loadEntry(store: FunctionStore, key: string): Promise<FunctionEntry | undefined> {
  const [accountId = '', functionName = ''] = key.split(':');
  const [latest, aliases] = await Promise.all([store.get(accountId, functionName), store.versions.aliases({ accountId, functionName })]);
  if (latest === undefined) return undefined;
  return { latest, aliases: new Map(aliases.map((alias) => [alias.Name, aliasTarget(alias)])), handedOut: new Map() };
}

function handOut(entry: FunctionEntry, version: StoredFunction | undefined, functionName: string, number: string): StoredFunction {
  if (version === undefined) throw functionNotFound(functionName, number);
  const known = entry.handedOut.get(number);
  if (known?.version === version) return known.merged;
  const merged = asOf(version, entry.latest);
  entry.handedOut.set(number, { version, merged });
  return merged;
}

function deletedVersion({ accountId, configuration }: StoredFunction): DeletedVersion {
  return { accountId, functionName: configuration.FunctionName, version: configuration.Version };
}

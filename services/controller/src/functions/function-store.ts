import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionChange } from './function-directory';
import type { LayerStore } from './layer-store';
import type { VersionStore } from './version-store';

/**
 * Where functions last. Every method throws STORE_UNAVAILABLE when the store does not answer; then it is not known
 * whether a write happened.
 */
export interface FunctionStore {
  readonly versions: VersionStore;
  readonly layers: LayerStore;
  get(accountId: string, functionName: string): Promise<StoredFunction | undefined>;
  /** MUST be atomic. @returns false when the name is taken: nothing was changed */
  create(created: StoredFunction): Promise<boolean>;
  /** MUST replace only what still has the expected RevisionId, atomically. */
  replace(updated: StoredFunction, expectedRevisionId: string): Promise<'replaced' | 'missing' | 'stale'>;
  /** With its versions and aliases. @param expectedRevisionId deletes only that revision */
  delete(accountId: string, functionName: string, expectedRevisionId?: string): Promise<'deleted' | 'missing' | 'stale'>;
  /** Functions of one account in order of their names, after `marker` (exclusive). */
  list(accountId: string, page: FunctionPageRequest): Promise<FunctionPage>;
  /** `ReservedConcurrentExecutions` of those functions of an account that have it, by name. */
  reservations(accountId: string): Promise<ReadonlyMap<string, number>>;
  /** Functions of all accounts that have `provisioned`, read piece by piece. */
  provisioned(): AsyncIterable<StoredFunction>;
  /**
   * Hex SHA-256 of the package of each function and version, of all accounts, read piece by piece. MUST include every function that is
   * there from the beginning to the end; MUST throw rather than leave one out.
   */
  packagesInUse(): AsyncIterable<string>;
  /** Called with each change, of this process before the write's promise settles, of others soon after it happened. */
  onChange(listener: (change: FunctionChange) => void): void;
  /** Called when changes of others may have been missed: caches may be old. */
  onGap(listener: () => void): void;
}

export interface FunctionPageRequest {
  /** Name of the last function of the page before. */
  marker?: string;
  limit: number;
}

export interface FunctionPage {
  functions: StoredFunction[];
  /** Present when there are more. */
  nextMarker?: string;
}

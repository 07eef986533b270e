import type { StoredFunction } from '@easyfaas/contracts/wire';

/**
 * The hot path's view of the functions: in memory, filled from the store, invalidated by its notices, never older than
 * 30 s when the store is unreachable. MUST answer synchronously on a hit.
 */
export interface FunctionDirectory {
  /**
   * What a call runs: `$LATEST`, a version, or, of an alias, one of its versions in the proportion of their weights. The limits
   * that hold for the whole function are the function's, whatever the version.
   * @throws ServiceError FUNCTION_NOT_FOUND, STORE_UNAVAILABLE
   */
  find(accountId: string, functionName: string, qualifier: string): StoredFunction | Promise<StoredFunction>;
  /** Called with each function that was changed or deleted, so that its old containers can go. Published versions go on when it was changed. */
  onChange(listener: (change: FunctionChange) => void): void;
  /** Called with each published version that was deleted while its function stays. */
  onVersionDeleted(listener: (deleted: DeletedVersion) => void): void;
}

export interface FunctionChange {
  accountId: string;
  functionName: string;
  /** Commit of `$LATEST` that is current now; absent when the function was deleted, with all its versions. */
  commitId?: string;
}

export interface DeletedVersion {
  accountId: string;
  functionName: string;
  version: string;
}

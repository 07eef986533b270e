import type { StoredFunction } from '@easyfaas/contracts/wire';

/**
 * The hot path's view of the functions: in memory, filled from the store, invalidated by its notices, never older than
 * 30 s when the store is unreachable. MUST answer synchronously on a hit.
 */
export interface FunctionDirectory {
  /** @throws ServiceError FUNCTION_NOT_FOUND, STORE_UNAVAILABLE */
  find(accountId: string, functionName: string, qualifier: string): StoredFunction | Promise<StoredFunction>;
  /** Called with each function that was changed or deleted, so that its old containers can go. */
  onChange(listener: (change: FunctionChange) => void): void;
}

export interface FunctionChange {
  accountId: string;
  functionName: string;
  /** Commit that is current now; absent when the function was deleted. */
  commitId?: string;
}

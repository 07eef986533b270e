import type { StoredFunction } from '@easyfaas/contracts/wire';
import { commitOf } from './commit-id';

/**
 * Whether a commit is this function's with another memory, all else equal. Asked of the same hash that makes commit ids, so
 * that a setting which is added to it counts here at once.
 */
export function isMemoryVariant(stored: StoredFunction, memoryMb: number, commitId: string): boolean {
  return commitOf({ ...stored, configuration: { ...stored.configuration, MemorySize: memoryMb } }).commitId === commitId;
}

import type { StoredFunction } from '@easyfaas/contracts/wire';
import { commitIdOf } from './configuration';

/**
 * Whether a commit is this function's with another memory, all else equal. Asked of the same hash that makes commit ids, so
 * that a setting which is added to it counts here at once.
 */
export function isMemoryVariant({ configuration, code }: StoredFunction, memoryMb: number, commitId: string): boolean {
  return commitIdOf({ ...configuration, MemorySize: memoryMb }, code.sha256) === commitId;
}

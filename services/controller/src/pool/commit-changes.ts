import { type Logger, ServiceError } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { DeletedVersion, FunctionChange, FunctionDirectory } from '../functions/function-directory';
import { LATEST } from '../functions/function-name';
import type { ContainerResets } from './container-resets';
import type { FunctionPool } from './function-pool';
import type { FunctionPools } from './function-pools';

export interface CommitChangesDeps {
  logger: Logger;
  directory: Pick<FunctionDirectory, 'find'>;
  pools: FunctionPools;
  resets: Pick<ContainerResets, 'reset'>;
  /** Resolves when the new commit has what is kept warm of the function, or when that takes too long. */
  prepared: (pool: FunctionPool) => Promise<void>;
}

/** What happens to the containers of a function that was changed or deleted. */
export class CommitChanges {
  readonly #deps: CommitChangesDeps;

  constructor(deps: CommitChangesDeps) {
    this.#deps = deps;
  }

  onChange(change: FunctionChange): void {
    if (change.commitId === undefined) this.#retire(change);
    else void this.#follow(change);
  }

  onVersionDeleted(deleted: DeletedVersion): void {
    this.#give(this.#deps.pools.retireVersion(deleted), 'version deleted');
  }

  /** The new commit takes over what it can; what it cannot is given back. */
  async #follow(change: FunctionChange): Promise<void> {
    const { pools } = this.#deps;
    if (!pools.hasOther(change)) return;
    const current = await this.#current(change);
    if (current instanceof ServiceError) {
      return this.#retire(
        current.code === 'FUNCTION_NOT_FOUND' ? { accountId: change.accountId, functionName: change.functionName } : change,
      );
    }
    const pool = pools.of(current);
    // Before anything is awaited: calls of the new commit must not find the old one's containers free.
    if (!pools.hasOther({ ...change, commitId: pool.commitId })) return;
    await this.#deps.prepared(pool);
    // Meanwhile it may have been changed again.
    const now = pool.isRetired || pool.isForgotten ? undefined : pool.commitId;
    if (now !== undefined) this.#retire({ ...change, commitId: now });
  }

  async #current({ accountId, functionName }: FunctionChange): Promise<StoredFunction | ServiceError> {
    try {
      return await this.#deps.directory.find(accountId, functionName, LATEST);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (error.code !== 'FUNCTION_NOT_FOUND') this.#deps.logger.warn('changed function cannot be read', { functionName, error });
      return error;
    }
  }

  #retire(change: FunctionChange): void {
    this.#give(this.#deps.pools.retire(change), change.commitId === undefined ? 'function deleted' : 'version changed');
  }

  #give(retired: readonly FunctionPool[], reason: string): void {
    for (const pool of retired) {
      for (const container of [...pool.containers]) if (container.isIdle) this.#deps.resets.reset(container, reason, 'version changed');
    }
  }
}

import type { FunctionConfiguration, StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError, type Clock } from '@easyfaas/service-kit';
import { commitOf } from './commit-id';
import { functionNotFound } from './function-name';
import type { FunctionStore } from './function-store';
import type { Settlements } from './settlements';
import type { FunctionKey } from './version-store';
import { without } from './without';

export interface FunctionUpdatesOptions {
  store: FunctionStore;
  clock: Clock;
  newRevisionId: () => string;
  settlements: Pick<Settlements, 'start'>;
}

/** How often an update is tried again when others update the same function at the same time. */
const ATTEMPTS = 5;

/** Changes a stored function as a whole, or not at all; its commit and revision follow from what it has become. */
export class FunctionUpdates {
  readonly #options: FunctionUpdatesOptions;

  constructor(options: FunctionUpdatesOptions) {
    this.#options = options;
  }

  /**
   * @param change may be called again with what others have made of the function meanwhile
   * @throws ServiceError FUNCTION_NOT_FOUND, PRECONDITION_FAILED, CONFLICT, and what `change` throws
   */
  async update(
    { accountId, functionName }: FunctionKey,
    expectedRevisionId: string | undefined,
    change: (current: StoredFunction) => StoredFunction,
  ): Promise<StoredFunction> {
    const { store, settlements } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const current = await store.get(accountId, functionName);
      if (current === undefined) throw functionNotFound(functionName);
      const revisionId = current.configuration.RevisionId;
      if (expectedRevisionId !== undefined && expectedRevisionId !== revisionId) throw changedMeanwhile();
      const updated = this.stamped(change(current));
      const outcome = await store.replace(updated, revisionId);
      if (outcome === 'replaced') {
        settlements.start(updated);
        return updated;
      }
      if (outcome === 'missing') throw functionNotFound(functionName);
    }
    throw new ServiceError('CONFLICT', `The function "${functionName}" is being updated by others all the time; try again.`);
  }

  /** With its commit, a new revision and the time. */
  stamped(changed: StoredFunction): StoredFunction {
    const stored = without(changed, 'baseCommitId');
    const { commitId, ...base } = commitOf(stored);
    return { ...stored, ...base, configuration: { ...stored.configuration, ...this.#stamp(), CommitId: commitId } };
  }

  #stamp(): Pick<FunctionConfiguration, 'RevisionId' | 'LastModified'> {
    return { RevisionId: this.#options.newRevisionId(), LastModified: new Date(this.#options.clock.wallMs()).toISOString() };
  }
}

export function changedMeanwhile(): ServiceError {
  return new ServiceError('PRECONDITION_FAILED', 'The function was changed since that RevisionId: read it again and repeat the update.');
}

import type { StoredFunction, StoredUrlPermission } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { FunctionStore } from './function-store';
import type { FunctionUpdates } from './function-updates';
import type { FunctionKey } from './version-store';

/** What is said of one function URL: `$LATEST` is the function's own, others are those of its aliases. */
export type UrlKey = FunctionKey & { qualifier: string };

const STATEMENTS_MAX = 20;

/** What is said of one URL. An alias may have the name of a member that every object has. */
export function urlPermissionsOf(
  { urlPermissions = {} }: Pick<StoredFunction, 'urlPermissions'>,
  qualifier: string,
): readonly StoredUrlPermission[] {
  return (Object.hasOwn(urlPermissions, qualifier) ? urlPermissions[qualifier] : undefined) ?? [];
}

/**
 * Statements that everybody may call a function URL, as clients of AWS make them beside a URL that asks nobody for a key. The URL says
 * so itself: they are kept for who reads them again, and nothing is decided by them.
 */
export class UrlPermissions {
  readonly #store: Pick<FunctionStore, 'get'>;
  readonly #updates: Pick<FunctionUpdates, 'update'>;

  constructor({ store, updates }: { store: Pick<FunctionStore, 'get'>; updates: Pick<FunctionUpdates, 'update'> }) {
    this.#store = store;
    this.#updates = updates;
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, PRECONDITION_FAILED, CONFLICT (there is one of that id), VALIDATION_FAILED (limit) */
  add(key: UrlKey, permission: StoredUrlPermission, expectedRevisionId?: string): Promise<StoredFunction> {
    return this.#change(key, expectedRevisionId, (current) => {
      if (current.some(({ statementId }) => statementId === permission.statementId)) {
        throw new ServiceError('CONFLICT', `There is a statement "${permission.statementId}".`);
      }
      if (current.length >= STATEMENTS_MAX) {
        throw new ServiceError('VALIDATION_FAILED', `A function URL has at most ${STATEMENTS_MAX} statements; remove one first.`);
      }
      return [...current, permission];
    });
  }

  /** What is not there is no error. @throws ServiceError FUNCTION_NOT_FOUND, PRECONDITION_FAILED */
  remove(key: UrlKey, statementId: string, expectedRevisionId?: string): Promise<StoredFunction> {
    return this.#change(key, expectedRevisionId, (current) => current.filter((each) => each.statementId !== statementId));
  }

  /** Takes all away: the alias is gone, and one made anew by that name begins with none. Nothing is written where there is none. */
  async removeAll(key: UrlKey): Promise<void> {
    const stored = await this.#store.get(key.accountId, key.functionName);
    if (stored !== undefined && urlPermissionsOf(stored, key.qualifier).length > 0) await this.#change(key, undefined, () => []);
  }

  #change(
    { qualifier, ...key }: UrlKey,
    expectedRevisionId: string | undefined,
    change: (current: readonly StoredUrlPermission[]) => StoredUrlPermission[],
  ): Promise<StoredFunction> {
    return this.#updates.update(key, expectedRevisionId, ({ urlPermissions = {}, ...rest }) => {
      const changed = { ...urlPermissions, [qualifier]: change(urlPermissionsOf({ urlPermissions }, qualifier)) };
      const left = Object.entries(changed).filter(([, permissions]) => permissions.length > 0);
      return left.length === 0 ? rest : { ...rest, urlPermissions: Object.fromEntries(left) };
    });
  }
}

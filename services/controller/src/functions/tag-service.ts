import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionUpdates } from './function-updates';
import { checkTags, type Tags } from './tag-rules';
import type { FunctionKey } from './version-store';

export interface TagServiceOptions {
  updates: Pick<FunctionUpdates, 'update'>;
}

/** Tags belong to a function as a whole: its versions show what it has now. Changing them makes no new container and no new version. */
export class TagService {
  readonly #updates: TagServiceOptions['updates'];

  constructor({ updates }: TagServiceOptions) {
    this.#updates = updates;
  }

  /** @returns all tags @throws ServiceError FUNCTION_NOT_FOUND, PRECONDITION_FAILED, VALIDATION_FAILED */
  replace(key: FunctionKey, tags: Tags, expectedRevisionId?: string): Promise<StoredFunction> {
    return this.#change(key, () => tags, expectedRevisionId);
  }

  /** Adds tags, or gives those that are there new values. @throws as {@link replace} */
  add(key: FunctionKey, tags: Tags, expectedRevisionId?: string): Promise<StoredFunction> {
    return this.#change(key, (current) => ({ ...current, ...tags }), expectedRevisionId);
  }

  /** What is not there is no error. @throws as {@link replace} */
  remove(key: FunctionKey, names: readonly string[], expectedRevisionId?: string): Promise<StoredFunction> {
    const stays = ([name]: [string, string]): boolean => !names.includes(name);
    return this.#change(key, (current) => Object.fromEntries(Object.entries(current).filter(stays)), expectedRevisionId);
  }

  #change(key: FunctionKey, change: (tags: Tags) => Tags, expectedRevisionId: string | undefined): Promise<StoredFunction> {
    return this.#updates.update(key, expectedRevisionId, (current) => {
      const tags = change(current.configuration.Tags);
      checkTags(tags);
      return { ...current, configuration: { ...current.configuration, Tags: { ...tags } } };
    });
  }
}

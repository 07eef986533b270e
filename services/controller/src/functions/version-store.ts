import type { AliasConfiguration, StoredFunction } from '@easyfaas/contracts/wire';

/** Which function a version or an alias belongs to. */
export interface FunctionKey {
  accountId: string;
  functionName: string;
}

export interface PublishState {
  /** Number of the version published last; 0 when there was none. */
  lastVersion: number;
  /** The version published last; undefined when there was none, or it was deleted. */
  last: StoredFunction | undefined;
}

/** A version was published or deleted, or an alias changed. The function itself is as it was. */
export interface QualifierChange extends FunctionKey {
  publishedVersion?: string;
  deletedVersion?: string;
}

/**
 * Where published versions and aliases last, beside their functions; deleting a function deletes them. Every method throws
 * STORE_UNAVAILABLE when the store does not answer; then it is not known whether a write happened.
 */
export interface VersionStore {
  get(key: FunctionKey, version: string): Promise<StoredFunction | undefined>;
  /** All of a function, lowest number first. */
  list(key: FunctionKey, page: { after: number; limit: number }): Promise<{ versions: StoredFunction[]; nextAfter?: number }>;
  publishState(key: FunctionKey): Promise<PublishState>;
  /**
   * MUST add it, atomically, only as the next number after the last one ever given, and only while the function has that
   * revision.
   */
  add(version: StoredFunction, functionRevisionId: string): Promise<'added' | 'missing' | 'stale' | 'full'>;
  /** MUST NOT delete what an alias points to. @returns the name of such an alias in `usedBy` */
  delete(key: FunctionKey, version: string): Promise<{ outcome: 'deleted' | 'missing' } | { outcome: 'used'; usedBy: string }>;

  /** All of a function, in order of their names. */
  aliases(key: FunctionKey): Promise<AliasConfiguration[]>;
  getAlias(key: FunctionKey, name: string): Promise<AliasConfiguration | undefined>;
  /**
   * MUST write only while every version that it names is there.
   * @param expectedRevisionId of the alias to replace; undefined makes a new one
   */
  putAlias(key: FunctionKey, alias: AliasConfiguration, expectedRevisionId: string | undefined): Promise<AliasOutcome>;
  deleteAlias(key: FunctionKey, name: string, expectedRevisionId?: string): Promise<'deleted' | 'missing' | 'stale'>;
  /** Like {@link FunctionStore.onChange}. */
  onChange(listener: (change: QualifierChange) => void): void;
}

export type AliasOutcome = 'written' | 'no function' | 'exists' | 'missing' | 'stale' | 'full' | 'no version';

import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { DeletedVersion, FunctionChange } from '../functions/function-directory';
import { LATEST } from '../functions/function-name';
import type { AccountShare } from '../invoke/admission';
import { FunctionPool, type FunctionShare } from './function-pool';

/** When a new commit takes over the containers of an old one. */
export interface Succession {
  isPossible(before: StoredFunction, after: StoredFunction): boolean;
  /** The pool's function is the new one from now on; its containers have to follow. */
  onSuccession(pool: FunctionPool): void;
}

/** Every function that has containers or waiting calls, by version and commit: what a container was told is that of its version. */
export class FunctionPools {
  readonly #lineLimit: number;
  readonly #onAccount: (account: AccountShare) => void;
  readonly #succession: Succession;
  readonly #byCommit = new Map<string, FunctionPool>();
  readonly #shares = new Map<string, FunctionShare>();
  /** Never forgotten: there are few. */
  readonly #accounts = new Map<string, AccountShare>();
  /** The directory hands out the same object until the function changes: found without building a key. */
  readonly #byObject = new WeakMap<StoredFunction, FunctionPool>();

  /** @param onAccount told of each account when its first function is called */
  constructor(lineLimit: number, succession: Succession, onAccount: (account: AccountShare) => void = () => undefined) {
    this.#lineLimit = lineLimit;
    this.#succession = succession;
    this.#onAccount = onAccount;
  }

  of(stored: StoredFunction): FunctionPool {
    const known = this.#byObject.get(stored);
    return known === undefined || known.isForgotten ? this.#find(stored) : known;
  }

  values(): Iterable<FunctionPool> {
    return this.#byCommit.values();
  }

  /** Whether there are pools of the function's own newest code that are not of the commit named. */
  hasOther({ accountId, functionName, commitId }: FunctionChange): boolean {
    for (const pool of this.#byCommit.values()) {
      const isOfFunction = pool.accountId === accountId && pool.stored.configuration.FunctionName === functionName;
      if (isOfFunction && pool.stored.configuration.Version === LATEST && pool.commitId !== commitId && !pool.isRetired) return true;
    }
    return false;
  }

  /** Marks the pools of commits that are not current any more, and returns them. Published versions go with their function only. */
  retire({ accountId, functionName, commitId }: FunctionChange): FunctionPool[] {
    return this.#retireWhere(accountId, functionName, (pool) => {
      if (commitId === undefined) return true;
      return pool.stored.configuration.Version === LATEST && pool.commitId !== commitId;
    });
  }

  /** Marks the pools of a version that was deleted, and returns them. */
  retireVersion({ accountId, functionName, version }: DeletedVersion): FunctionPool[] {
    return this.#retireWhere(accountId, functionName, (pool) => pool.stored.configuration.Version === version);
  }

  /** A published version gets another commit when a secret of its function was exchanged; no notice tells of that. */
  #retireOtherCommits({ accountId, configuration }: StoredFunction): void {
    const { FunctionName, Version } = configuration;
    if (Version !== LATEST) this.retireVersion({ accountId, functionName: FunctionName, version: Version });
  }

  #retireWhere(accountId: string, functionName: string, isOver: (pool: FunctionPool) => boolean): FunctionPool[] {
    const retired = [...this.#byCommit.values()].filter(
      (pool) => pool.accountId === accountId && pool.stored.configuration.FunctionName === functionName && isOver(pool) && !pool.isRetired,
    );
    for (const pool of retired) pool.isRetired = true;
    return retired;
  }

  /** Forgets pools that hold nothing, so that deleted functions do not stay for ever. */
  sweep(): void {
    for (const [key, pool] of this.#byCommit) {
      if (!pool.isEmpty || !pool.isRetired) continue;
      this.#byCommit.delete(key);
      pool.isForgotten = true;
      const { accountId } = pool;
      const { FunctionName } = pool.stored.configuration;
      const isLast = ![...this.#byCommit.values()].some(
        (other) => other.accountId === accountId && other.stored.configuration.FunctionName === FunctionName,
      );
      if (isLast && pool.share.admitted === 0) this.#shares.delete(`${accountId}/${FunctionName}`);
    }
  }

  #find(stored: StoredFunction): FunctionPool {
    const { accountId, configuration } = stored;
    const key = `${accountId}/${configuration.FunctionName}/${configuration.Version}/${configuration.CommitId}`;
    let pool = this.#byCommit.get(key) ?? this.#succeed(stored, key);
    if (pool === undefined) {
      this.#retireOtherCommits(stored);
      pool = new FunctionPool(stored, {
        share: this.#share(`${accountId}/${configuration.FunctionName}`),
        account: this.#account(accountId),
        lineLimit: this.#lineLimit,
      });
      this.#byCommit.set(key, pool);
    }
    pool.stored = stored;
    // A roll-back makes an old commit the current one again.
    pool.isRetired = false;
    this.#byObject.set(stored, pool);
    return pool;
  }

  #account(accountId: string): AccountShare {
    let account = this.#accounts.get(accountId);
    if (account === undefined) {
      account = { accountId, admitted: 0, unreserved: 0, setAside: 0, meanCallMs: undefined };
      this.#accounts.set(accountId, account);
      this.#onAccount(account);
    }
    return account;
  }

  /** The pool of a commit that the new one can take over, under its new name. */
  #succeed(stored: StoredFunction, key: string): FunctionPool | undefined {
    const { FunctionName, Version } = stored.configuration;
    for (const [oldKey, pool] of this.#byCommit) {
      const { configuration } = pool.stored;
      const isSame =
        pool.accountId === stored.accountId && configuration.FunctionName === FunctionName && configuration.Version === Version;
      if (!isSame || pool.isEmpty || !this.#succession.isPossible(pool.stored, stored)) continue;
      this.#byCommit.delete(oldKey);
      this.#byCommit.set(key, pool);
      pool.stored = stored;
      this.#succession.onSuccession(pool);
      return pool;
    }
    return undefined;
  }

  #share(key: string): FunctionShare {
    let share = this.#shares.get(key);
    if (share === undefined) {
      share = { admitted: 0, lastEnd: undefined };
      this.#shares.set(key, share);
    }
    return share;
  }
}

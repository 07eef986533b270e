/**
 * How much of a contested resource each account and each of its functions has: containers, or megabytes of them. An account's
 * share counts by its weight: one of weight 2 is as well off with two containers as another with one.
 */
export class Usage {
  readonly #weights: ReadonlyMap<string, number>;
  readonly #byAccount = new Map<string, number>();
  readonly #byFunction = new Map<string, number>();

  /** @param weights of accounts; 1 where there is none */
  constructor(weights: ReadonlyMap<string, number> = new Map()) {
    this.#weights = weights;
  }

  add({ accountId, functionName }: FunctionOfAccount, amount: number): void {
    const key = keyOf(accountId, functionName);
    this.#byAccount.set(accountId, (this.#byAccount.get(accountId) ?? 0) + amount);
    this.#byFunction.set(key, (this.#byFunction.get(key) ?? 0) + amount);
  }

  /** What the account would have with so much more, by its weight. */
  ofAccount(accountId: string, more = 0): number {
    return ((this.#byAccount.get(accountId) ?? 0) + more) / (this.#weights.get(accountId) ?? 1);
  }

  ofFunction({ accountId, functionName }: FunctionOfAccount, more = 0): number {
    return (this.#byFunction.get(keyOf(accountId, functionName)) ?? 0) + more;
  }
}

export interface FunctionOfAccount {
  accountId: string;
  functionName: string;
}

/** Neither part may hold a slash. */
const keyOf = (accountId: string, functionName: string): string => `${accountId}/${functionName}`;

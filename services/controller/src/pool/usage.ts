/**
 * How much of a contested resource each account and each of its functions has: containers, or megabytes of them. An account's
 * share counts by its weight: one of weight 2 is as well off with two containers as another with one.
 */
export class Usage {
  readonly #weights: ReadonlyMap<string, number>;
  readonly #byAccount = new Map<string, OfAccount>();

  /** @param weights of accounts; 1 where there is none */
  constructor(weights: ReadonlyMap<string, number> = new Map()) {
    this.#weights = weights;
  }

  add({ accountId, functionName }: FunctionOfAccount, amount: number): void {
    let account = this.#byAccount.get(accountId);
    if (account === undefined) this.#byAccount.set(accountId, (account = { amount: 0, byFunction: new Map() }));
    account.amount += amount;
    account.byFunction.set(functionName, (account.byFunction.get(functionName) ?? 0) + amount);
  }

  /** What the account would have with so much more, by its weight. */
  ofAccount(accountId: string, more = 0): number {
    return ((this.#byAccount.get(accountId)?.amount ?? 0) + more) / (this.#weights.get(accountId) ?? 1);
  }

  ofFunction({ accountId, functionName }: FunctionOfAccount, more = 0): number {
    return (this.#byAccount.get(accountId)?.byFunction.get(functionName) ?? 0) + more;
  }
}

interface OfAccount {
  amount: number;
  byFunction: Map<string, number>;
}

export interface FunctionOfAccount {
  accountId: string;
  functionName: string;
}

import { ServiceError } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionShare } from '../pool/function-pool';

/** Names of limits, in the `Reason` header; the first two are AWS Lambda's. */
export type ThrottleReason =
  | 'ReservedFunctionConcurrentInvocationLimitExceeded'
  | 'ConcurrentInvocationLimitExceeded'
  | 'WaitingLineFull'
  | 'WaitedTooLong'
  | 'PayloadMemoryExceeded';

export function throttled(reason: ThrottleReason, message: string): ServiceError {
  return new ServiceError('THROTTLED', message, { headers: { 'Retry-After': '1', Reason: reason }, details: { reason } });
}

/** Counts the calls that are waiting or running, and refuses those over a limit at once: waiting would not help them. */
export class Admission {
  readonly #accountLimit: number;
  /** Kept at 0: an entry that comes and goes costs more than one that stays. */
  readonly #byAccount = new Map<string, number>();
  #admitted = 0;

  constructor(accountLimit: number) {
    this.#accountLimit = accountLimit;
  }

  /** @returns why the call is refused; undefined when it was counted and must {@link leave} once */
  enter({ accountId, concurrency, configuration }: StoredFunction, share: FunctionShare): ServiceError | undefined {
    const reserved = concurrency.ReservedConcurrentExecutions;
    if (reserved !== undefined && share.admitted >= reserved) {
      return throttled(
        'ReservedFunctionConcurrentInvocationLimitExceeded',
        `The function ${configuration.FunctionName} may run ${reserved} calls at once (ReservedConcurrentExecutions); try again when one has ended.`,
      );
    }
    const ofAccount = this.#byAccount.get(accountId) ?? 0;
    if (ofAccount >= this.#accountLimit) {
      return throttled(
        'ConcurrentInvocationLimitExceeded',
        `The account may run ${this.#accountLimit} calls at once (EASYFAAS_ACCOUNT_CONCURRENCY); try again when one has ended.`,
      );
    }
    share.admitted++;
    this.#admitted++;
    this.#byAccount.set(accountId, ofAccount + 1);
    return undefined;
  }

  leave(accountId: string, share: FunctionShare): void {
    share.admitted--;
    this.#byAccount.set(accountId, (this.#byAccount.get(accountId) ?? 1) - 1);
    this.#admitted--;
  }

  /** Calls waiting or running, of all accounts. */
  get admitted(): number {
    return this.#admitted;
  }
}

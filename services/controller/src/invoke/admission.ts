import { ServiceError } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { unreservedConcurrency } from '../functions/reservation-rules';
import { ONLY_POD, type PodPlace, limitShare } from '../pods/limit-share';
import type { FunctionPool } from '../pool/function-pool';
import { RETRY_AFTER_MAX_S, retryAfterSeconds } from './retry-after';

/** Names of limits, in the `Reason` header; the first two are AWS Lambda's. */
export type ThrottleReason =
  | 'ReservedFunctionConcurrentInvocationLimitExceeded'
  | 'ConcurrentInvocationLimitExceeded'
  | 'WaitingLineFull'
  | 'WaitedTooLong'
  | 'PayloadMemoryExceeded'
  | 'PodFull'
  | 'TriggerRateExceeded'
  | 'KeyRateExceeded';

/** @param retryAfterS whole seconds */
export function throttled(reason: ThrottleReason, message: string, retryAfterS: number): ServiceError {
  return new ServiceError('THROTTLED', message, {
    headers: { 'Retry-After': String(retryAfterS), Reason: reason },
    details: { reason, retryAfterSeconds: retryAfterS },
  });
}

/** What all functions of one account share. */
export interface AccountShare {
  readonly accountId: string;
  /** Calls admitted and not ended. */
  admitted: number;
  /** Those of them whose function has no reservation. */
  unreserved: number;
  /** Sum of the account's reservations, as far as known. */
  setAside: number;
  /** Mean time of a call in a container lately, ms; undefined when none has ended yet. */
  meanCallMs: number | undefined;
}

/**
 * Counts the calls that are waiting or running, and refuses those over a limit at once: waiting would not help them. A
 * reservation is both: the most that the function may run, and taken from what the account's other functions share.
 */
export class Admission {
  readonly #accountLimit: number;
  #place = ONLY_POD;
  #admitted = 0;

  constructor(accountLimit: number) {
    this.#accountLimit = accountLimit;
  }

  /** @returns why the call is refused; undefined when it was counted and must {@link leave} once */
  enter({ concurrency }: StoredFunction, pool: FunctionPool): ServiceError | undefined {
    const { share, account } = pool;
    const reserved = concurrency.ReservedConcurrentExecutions;
    if (reserved !== undefined && share.admitted >= limitShare(reserved, this.#place)) return overReservation(reserved, pool);
    const isOver =
      account.admitted >= limitShare(this.#accountLimit, this.#place) ||
      (reserved === undefined &&
        account.unreserved >= limitShare(unreservedConcurrency(this.#accountLimit, account.setAside), this.#place));
    if (isOver) return this.#overAccountLimit(account);
    share.admitted++;
    account.admitted++;
    if (reserved === undefined) account.unreserved++;
    this.#admitted++;
    return undefined;
  }

  /** Counts a call that another pod has let in: it counts there towards the limits. {@link leaveForwarded} once. */
  enterForwarded(): void {
    this.#admitted++;
  }

  leaveForwarded(): void {
    this.#admitted--;
  }

  /** The limits hold for all pods together; this one enforces its part of them. */
  setPlace(place: PodPlace): void {
    this.#place = place;
  }

  /** @param stored the same as at {@link enter}: a reservation may have changed meanwhile */
  leave({ concurrency }: StoredFunction, { share, account }: FunctionPool): void {
    share.admitted--;
    account.admitted--;
    if (concurrency.ReservedConcurrentExecutions === undefined) account.unreserved--;
    this.#admitted--;
  }

  /** Calls waiting or running, of all accounts. */
  get admitted(): number {
    return this.#admitted;
  }

  #overAccountLimit({ admitted, setAside, meanCallMs }: AccountShare): ServiceError {
    const limit = this.#accountLimit;
    const text =
      setAside > 0
        ? `The account may run ${limit} calls at once (EASYFAAS_ACCOUNT_CONCURRENCY), ${unreservedConcurrency(limit, setAside)} of them of functions without a reservation; try again when one has ended.`
        : `The account may run ${limit} calls at once (EASYFAAS_ACCOUNT_CONCURRENCY); try again when one has ended.`;
    return throttled('ConcurrentInvocationLimitExceeded', text, retryAfterSeconds({ ahead: 1, slots: admitted, meanCallMs }));
  }
}

function overReservation(reserved: number, pool: FunctionPool): ServiceError {
  const name = pool.stored.configuration.FunctionName;
  const reason = 'ReservedFunctionConcurrentInvocationLimitExceeded';
  if (reserved === 0) {
    const text = `The function ${name} is switched off: its ReservedConcurrentExecutions is 0. Raise or delete it to have it called.`;
    return throttled(reason, text, RETRY_AFTER_MAX_S);
  }
  const text = `The function ${name} may run ${reserved} calls at once (ReservedConcurrentExecutions); try again when one has ended.`;
  return throttled(reason, text, pool.retryAfterS);
}

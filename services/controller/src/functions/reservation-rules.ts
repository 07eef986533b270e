/** What functions without a reservation always keep of an account's limit: a tenth, 100 of 1000 as on AWS Lambda, and at least 1. */
export function unreservedMinimum(accountLimit: number): number {
  return Math.max(1, Math.ceil(accountLimit / 10));
}

/** Calls at once that functions without a reservation share. @param setAside sum of the account's reservations */
export function unreservedConcurrency(accountLimit: number, setAside: number): number {
  return Math.max(unreservedMinimum(accountLimit), accountLimit - setAside);
}

export interface ReservationFacts {
  /** `ReservedConcurrentExecutions` that a function is to have. */
  wanted: number;
  /** What it has; undefined for none. */
  current: number | undefined;
  /** Sum of the reservations of the account's other functions. */
  others: number;
  /** Calls at once per account. */
  accountLimit: number;
}

/** Why a reservation cannot be made, in words for the caller; undefined when it can. Less than before is always possible. */
export function reservationProblem({ wanted, current, others, accountLimit }: ReservationFacts): string | undefined {
  const minimum = unreservedMinimum(accountLimit);
  const possible = Math.max(0, accountLimit - minimum - others);
  if (wanted <= possible || wanted <= (current ?? 0)) return undefined;
  return (
    `ReservedConcurrentExecutions is ${wanted}, at most ${possible} can be reserved: the account may run ${accountLimit} calls at once, ` +
    `${others} are reserved for other functions, and ${minimum} stay for functions without a reservation. ` +
    'Reserve less, take back another reservation, or raise EASYFAAS_ACCOUNT_CONCURRENCY.'
  );
}

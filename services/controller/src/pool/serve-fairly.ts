import type { FunctionOfAccount, Usage } from './usage';

/** Calls of one function that wait for containers. */
export interface Claim extends FunctionOfAccount {
  /** Containers that it asks for. */
  wanted: number;
  /** Monotonic, ms: since when its oldest call waits, or since it lost its last container if that was later. */
  waitingSinceMs: number;
}

/**
 * Gives out containers one by one: each to the account that has the least by its weight, in it to the function that has the
 * least, and among equals to the one that waits longest. What was given counts at once, so that many waiting calls, or many
 * functions, get an account no more than its share as long as others wait.
 * @param usage what each has; what is given out is added to it
 * @param serve gives one container; false when there is none for this claim, which then leaves the others alone
 */
export function serveFairly<T extends Claim>(claims: readonly T[], usage: Usage, serve: (claim: T) => boolean): void {
  const open = claims.filter(({ wanted }) => wanted > 0).map((claim) => ({ claim, left: claim.wanted }));
  while (open.length > 0) {
    let next = 0;
    for (let index = 1; index < open.length; index++) {
      if (isBefore(open[index]?.claim, open[next]?.claim, usage)) next = index;
    }
    const entry = open[next];
    if (entry === undefined) return;
    const isServed = serve(entry.claim);
    if (isServed) usage.add(entry.claim, 1);
    entry.left--;
    if (!isServed || entry.left === 0) open.splice(next, 1);
  }
}

function isBefore(a: Claim | undefined, b: Claim | undefined, usage: Usage): boolean {
  if (a === undefined || b === undefined) return false;
  const byAccount = usage.ofAccount(a.accountId) - usage.ofAccount(b.accountId);
  if (byAccount !== 0) return byAccount < 0;
  const byFunction = usage.ofFunction(a) - usage.ofFunction(b);
  if (byFunction !== 0) return byFunction < 0;
  return a.waitingSinceMs < b.waitingSinceMs;
}

import type { ColdReason } from '@easyfaas/contracts/wire';
import type { FunctionOfAccount, Usage } from './usage';

export interface EvictionCandidate {
  containerId: string;
  /** Kind of container: cold ones of one kind can serve the same functions. */
  shelf: string;
  /** Cold ones belong to nobody. A busy one can only be drained. */
  state: 'cold' | 'idle' | 'busy';
  /** Monotonic, ms: last call of a warm one, when a cold one became cold. */
  sinceMs: number;
  /** Of a warm one. */
  owner?: FunctionOfAccount;
  /** Monotonic, ms: since when the owner has it. */
  heldSinceMs: number;
  inFlight: number;
  /** What its end frees, in the unit of the usage: 1 for containers, megabytes for memory. */
  amount: number;
}

export interface EvictionFacts {
  candidates: readonly EvictionCandidate[];
  /** Whose calls wait. */
  claim: FunctionOfAccount & { runtime: string; shelf: string; waitingSinceMs: number };
  /** How much the claim takes, in the unit of the usage. */
  amount: number;
  usage: Usage;
  /** Cold containers that are kept of each kind. */
  minByShelf: ReadonlyMap<string, number>;
  nowMs: number;
}

export interface Victim {
  candidate: EvictionCandidate;
  /** `reset`: nothing runs in it. `drain`: its calls finish first. */
  do: 'reset' | 'drain';
  lastEnd: ColdReason;
}

/** A function without a call for so long is not busy: its containers are anybody's, ms. */
export const UNUSED_MS = 10_000;

/** A function that has no container and has waited for so long takes a turn of one that had its container as long, ms. */
export const TURN_MS = 2000;

/**
 * Which container gives way when the pool's cap or the node's memory leaves no room for one that calls wait for:
 *
 * 1. a surplus cold one of another kind;
 * 2. the least recently used idle one, of those that may be taken: of the same account, unused for {@link UNUSED_MS}, or of an
 *    account that has more by its weight, also after it has given this one; whoever has nothing may take from whoever has one;
 * 3. the reserve of another kind: a waiting call counts more than one that may come;
 * 4. a busy one, to be drained: of the account, or the function of the same account, that has most, and only if it has more
 *    also after it has given this one.
 *
 * So nobody is brought below the share of whom it gives to, and at equal shares nothing moves. Where more functions want
 * containers than there is room for, they take turns: see {@link TURN_MS}.
 */
export function evict(facts: EvictionFacts): Victim | undefined {
  const { claim } = facts;
  const { surplus, reserve } = coldOnes(facts);
  const candidate = surplus ?? leastRecent(facts.candidates.filter((each) => each.state === 'idle' && mayTake(each, facts))) ?? reserve;
  const lastEnd = (owner: FunctionOfAccount | undefined): ColdReason =>
    // The name of a foreign function is nobody's business.
    `evicted for ${owner?.accountId === claim.accountId ? claim.functionName : claim.runtime}`;
  if (candidate !== undefined) return { candidate, do: 'reset', lastEnd: lastEnd(candidate.owner) };
  const busy = busyOne(facts);
  return busy === undefined ? undefined : { candidate: busy, do: 'drain', lastEnd: lastEnd(busy.owner) };
}

/** Of other kinds, the oldest: one beyond its kind's minimum, and one of the minimum. */
function coldOnes({ candidates, claim, minByShelf }: EvictionFacts): Partial<Record<'surplus' | 'reserve', EvictionCandidate>> {
  const others = candidates.filter(({ state, shelf }) => state === 'cold' && shelf !== claim.shelf);
  const isSurplus = ({ shelf }: EvictionCandidate): boolean =>
    others.filter((other) => other.shelf === shelf).length > (minByShelf.get(shelf) ?? 0);
  const surplus = leastRecent(others.filter(isSurplus));
  const reserve = leastRecent(others);
  return { ...(surplus === undefined ? {} : { surplus }), ...(reserve === undefined ? {} : { reserve }) };
}

function mayTake(candidate: EvictionCandidate, facts: EvictionFacts): boolean {
  const { owner, sinceMs } = candidate;
  if (owner === undefined || owner.accountId === facts.claim.accountId || facts.nowMs - sinceMs > UNUSED_MS) return true;
  const hasNothing = facts.usage.ofAccount(facts.claim.accountId) <= 0;
  return hasMore(candidate, owner, facts, hasNothing || isTurnOf(facts) ? 0 : facts.amount);
}

function busyOne(facts: EvictionFacts): EvictionCandidate | undefined {
  const { candidates, usage, amount, nowMs } = facts;
  const isTurn = isTurnOf(facts);
  let best: EvictionCandidate | undefined;
  for (const each of candidates) {
    const { owner } = each;
    if (each.state !== 'busy' || owner === undefined) continue;
    const margin = isTurn && nowMs - each.heldSinceMs >= TURN_MS ? 0 : amount;
    if (hasMore(each, owner, facts, margin) && (best === undefined || isBetter(each, owner, best, usage))) best = each;
  }
  return best;
}

/** Whether the owner has at least as much without this container as the claimant with `margin` more. */
function hasMore({ amount: freed }: EvictionCandidate, owner: FunctionOfAccount, { claim, usage }: EvictionFacts, margin: number): boolean {
  if (owner.accountId === claim.accountId) return usage.ofFunction(owner, -freed) >= usage.ofFunction(claim, margin);
  return usage.ofAccount(owner.accountId, -freed) >= usage.ofAccount(claim.accountId, margin);
}

/** What was used up lately counts, but only whole containers do here. */
function isTurnOf({ claim, usage, nowMs }: EvictionFacts): boolean {
  return usage.ofFunction(claim) < 1 && nowMs - claim.waitingSinceMs >= TURN_MS;
}

/** From whom has most; there the one with the fewest calls to wait for, or that was held the longest. */
function isBetter(each: EvictionCandidate, owner: FunctionOfAccount, best: EvictionCandidate, usage: Usage): boolean {
  if (best.owner === undefined) return true;
  const byAccount = usage.ofAccount(owner.accountId) - usage.ofAccount(best.owner.accountId);
  if (byAccount !== 0) return byAccount > 0;
  const byFunction = usage.ofFunction(owner) - usage.ofFunction(best.owner);
  if (byFunction !== 0) return byFunction > 0;
  if (each.inFlight !== best.inFlight) return each.inFlight < best.inFlight;
  return each.heldSinceMs < best.heldSinceMs;
}

function leastRecent(candidates: readonly EvictionCandidate[]): EvictionCandidate | undefined {
  let oldest: EvictionCandidate | undefined;
  for (const each of candidates) if (oldest === undefined || each.sinceMs < oldest.sinceMs) oldest = each;
  return oldest;
}

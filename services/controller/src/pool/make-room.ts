import type { ColdReason } from '@easyfaas/contracts/wire';
import { type EvictionCandidate, type Victim, evict } from './evict';
import { type Claim, serveFairly } from './serve-fairly';
import { type FunctionOfAccount, Usage } from './usage';
import type { UsedUpCount } from './used-up';

/** Calls of one function that wait for containers. */
export interface RoomClaim extends Claim {
  runtime: string;
  /** Kind of cold container that it is served from. */
  shelf: string;
  memoryMb: number;
  /** What the node lacked when a container was last tried to be had, MB; 0 when it lacked nothing. */
  missingMb: number;
  /** It is the memory that goes with missing processors: of these cold containers have none. */
  lacksCpu?: boolean;
}

/** One container that is of interest: cold, or warm and not draining. */
export interface RoomCandidate extends Omit<EvictionCandidate, 'amount'> {
  memoryMb: number;
}

/** What a function holds of the pool: any container from the beginning of its warm-up to its end. */
export interface Holding extends FunctionOfAccount {
  memoryMb: number;
}

export interface RoomFacts {
  claims: readonly RoomClaim[];
  candidates: readonly RoomCandidate[];
  holdings: readonly Holding[];
  /** Weights of accounts that have another one than 1. */
  weights: ReadonlyMap<string, number>;
  /** Containers of each kind that can be had: cold, or on their way there. */
  comingByShelf: ReadonlyMap<string, number>;
  minByShelf: ReadonlyMap<string, number>;
  /** Containers that may still be made under the pool's cap, those included that are about to be gone. */
  room: number;
  /** Busy ones that were chosen before and end when their calls do. */
  draining: number;
  /** Memory of containers that are draining or being reset. */
  leavingMb: number;
  usedUp: readonly UsedUpCount[];
  nowMs: number;
}

export interface RoomStep {
  do: 'reset' | 'drain';
  containerId: string;
  reason: string;
  lastEnd: ColdReason;
}

/**
 * Containers that have to give way, so that whoever has least gets one, and why. First places in the pool, then memory of
 * the node for what was refused for want of it.
 */
export function makeRoom(facts: RoomFacts): RoomStep[] {
  const steps: RoomStep[] = [];
  forPlaces(facts, steps);
  forMemory(facts, steps);
  return steps;
}

function forPlaces({ claims, candidates, holdings, weights, minByShelf, usedUp, nowMs, ...facts }: RoomFacts, steps: RoomStep[]): void {
  const coming = new Map(facts.comingByShelf);
  let { room, draining } = facts;
  const usage = containerUsage(holdings, usedUp, weights);
  const left = new Set<EvictionCandidate>();
  let listed: EvictionCandidate[] | undefined;
  serveFairly(claims, usage, (claim) => {
    const ready = coming.get(claim.shelf) ?? 0;
    if (ready > 0) {
      coming.set(claim.shelf, ready - 1);
      return true;
    }
    if (room > 0) {
      room--;
      return true;
    }
    if (listed === undefined) {
      for (const candidate of candidates) left.add({ ...candidate, amount: 1 });
      listed = [...left];
    }
    const victim = evict({ candidates: listed, claim, amount: 1, usage, minByShelf, nowMs });
    if (victim === undefined) return false;
    if (victim.do === 'drain' && draining > 0) {
      draining--;
      return true;
    }
    take(victim, claim, { left, usage, steps });
    listed = [...left];
    return true;
  });
}

function forMemory({ claims, candidates, holdings, weights, minByShelf, nowMs, ...facts }: RoomFacts, steps: RoomStep[]): void {
  const short = claims.filter(({ missingMb }) => missingMb > 0).map((claim) => ({ ...claim, wanted: 1 }));
  if (short.length === 0) return;
  const chosen = new Set(steps.map(({ containerId }) => containerId));
  const usage = new Usage(weights);
  for (const holding of holdings) usage.add(holding, holding.memoryMb);
  const left = new Set(
    candidates.filter(({ containerId }) => !chosen.has(containerId)).map((candidate) => ({ ...candidate, amount: candidate.memoryMb })),
  );
  let { leavingMb } = facts;
  serveFairly(short, usage, (claim) => {
    const victims: Victim[] = [];
    let freedMb = Math.min(leavingMb, claim.missingMb);
    leavingMb -= freedMb;
    while (freedMb < claim.missingMb) {
      const isChosen = ({ containerId }: EvictionCandidate): boolean =>
        victims.some(({ candidate }) => candidate.containerId === containerId);
      const candidatesLeft = [...left].filter((each) => !isChosen(each) && !(claim.lacksCpu === true && each.state === 'cold'));
      const victim = evict({ candidates: withSpare(candidatesLeft, claim.shelf), claim, amount: claim.memoryMb, usage, minByShelf, nowMs });
      // Nothing is taken from anybody for a container that would not have room even then.
      if (victim === undefined) return false;
      victims.push(victim);
      freedMb += victim.candidate.amount;
    }
    for (const victim of victims) {
      const candidate = [...left].find(({ containerId }) => containerId === victim.candidate.containerId) ?? victim.candidate;
      take({ ...victim, candidate }, claim, { left, usage, steps });
    }
    return true;
  });
}

/** Of the claim's own kind one is wanted, the oldest; for memory the others are as good as those of other kinds. */
function withSpare(candidates: readonly EvictionCandidate[], shelf: string): EvictionCandidate[] {
  const own = candidates.filter((each) => each.state === 'cold' && each.shelf === shelf).sort((a, b) => a.sinceMs - b.sinceMs);
  const spare = new Set(own.slice(1));
  return candidates.map((each) => (spare.has(each) ? { ...each, shelf: `spare ${shelf}` } : each));
}

interface Choosing {
  left: Set<EvictionCandidate>;
  usage: Usage;
  steps: RoomStep[];
}

function take({ candidate, do: how, lastEnd }: Victim, claim: RoomClaim, { left, usage, steps }: Choosing): void {
  left.delete(candidate);
  if (candidate.owner !== undefined) usage.add(candidate.owner, -candidate.amount);
  const reason = `evicted: ${claim.functionName} of account ${claim.accountId} waits for ${claim.runtime}`;
  steps.push({ do: how, containerId: candidate.containerId, reason, lastEnd });
}

/** What counts when containers are given out: those held, and those used up lately. */
export function containerUsage(
  holdings: readonly FunctionOfAccount[],
  usedUp: readonly UsedUpCount[],
  weights: ReadonlyMap<string, number>,
): Usage {
  const usage = new Usage(weights);
  for (const holding of holdings) usage.add(holding, 1);
  for (const each of usedUp) usage.add(each, each.containers);
  return usage;
}

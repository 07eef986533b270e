export interface WarmUpFacts {
  /** Calls in the line. */
  waiting: number;
  /** Calls at once per container. */
  concurrency: number;
  /** Warm-ups under way. */
  inProgress: number;
  /** Slots of warm containers, busy or not. */
  warmSlots: number;
  /** Mean time of a call in a container lately, ms; undefined when none has ended yet. */
  meanCallMs: number | undefined;
  /** Mean time that a warm-up takes, ms. */
  warmUpMs: number;
  /** How long the oldest in the line has waited, ms. */
  oldestWaitMs: number;
}

/**
 * How many warm-ups to start now. Never more than the line needs: k waiting calls get ceil(k / concurrency) containers
 * minus those on their way. While warm containers exist and would empty the line sooner than a new container could help,
 * none is started: a burst of short calls would otherwise take the whole pool for a millisecond's work.
 */
export function warmUpsWanted(facts: WarmUpFacts): number {
  const { waiting, concurrency, inProgress, warmSlots, meanCallMs, warmUpMs, oldestWaitMs } = facts;
  const wanted = Math.max(0, Math.ceil(waiting / concurrency) - inProgress);
  if (wanted === 0 || warmSlots === 0) return wanted;
  const expectedWaitMs = meanCallMs === undefined ? 0 : (waiting * meanCallMs) / warmSlots;
  return Math.max(expectedWaitMs, oldestWaitMs) < warmUpMs ? 0 : wanted;
}

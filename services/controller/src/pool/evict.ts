export interface EvictionCandidate {
  containerId: string;
  /** Kind of cold container. */
  shelf: string;
  state: 'cold' | 'idle';
  /** Monotonic, ms: last call of an idle one, when a cold one became cold. */
  sinceMs: number;
}

export interface EvictionFacts {
  candidates: readonly EvictionCandidate[];
  /** Containers to make room for. */
  wanted: number;
  /** Kind of the containers that are wanted: its own cold ones are not given up for it. */
  shelf: string;
  /** Cold containers that are kept of each kind. */
  minByShelf: ReadonlyMap<string, number>;
}

/**
 * Which containers give way when the pool's cap or the node's memory leaves no room for a container that calls wait for:
 * first surplus cold containers of other kinds, then idle warm ones, least recently used first, and last the reserve of
 * other kinds: a waiting call counts more than one that may come.
 */
export function evict({ candidates, wanted, shelf, minByShelf }: EvictionFacts): string[] {
  const oldestFirst = [...candidates].sort((a, b) => a.sinceMs - b.sinceMs);
  const coldLeft = new Map<string, number>();
  for (const each of oldestFirst) if (each.state === 'cold') coldLeft.set(each.shelf, (coldLeft.get(each.shelf) ?? 0) + 1);
  const surplus: EvictionCandidate[] = [];
  const reserve: EvictionCandidate[] = [];
  for (const each of oldestFirst) {
    if (each.state !== 'cold' || each.shelf === shelf) continue;
    const left = coldLeft.get(each.shelf) ?? 0;
    const isSurplus = left > (minByShelf.get(each.shelf) ?? 0);
    (isSurplus ? surplus : reserve).push(each);
    coldLeft.set(each.shelf, left - 1);
  }
  const idle = oldestFirst.filter(({ state }) => state === 'idle');
  return [...surplus, ...idle, ...reserve].slice(0, wanted).map(({ containerId }) => containerId);
}

import type { NetworkMode } from '@easyfaas/contracts/wire';

export interface WarmCandidate {
  inFlight: number;
  concurrency: number;
}

/**
 * The most recently used warm container with a free slot: the caches of that one are the hottest, and the others get a
 * chance to become idle and be given back.
 * @param byUse least recently used first
 */
export function chooseWarm<T extends WarmCandidate>(byUse: readonly T[]): T | undefined {
  for (let index = byUse.length - 1; index >= 0; index--) {
    const candidate = byUse[index];
    if (candidate !== undefined && candidate.inFlight < candidate.concurrency) return candidate;
  }
  return undefined;
}

export interface ColdCandidate {
  runtime: string;
  network: NetworkMode;
  classMb: number;
  /** Size of /tmp, MB; absent for the default. */
  tmpMb?: number;
}

export interface ColdWish {
  runtime: string;
  network: NetworkMode;
  memoryMb: number;
  tmpMb?: number;
}

/**
 * A cold container for a function: of its runtime, network and size of /tmp, in the largest memory class that does not exceed the
 * function's memory, so that as little as possible has to be raised; among equals the one that is cold the longest.
 * @param byAge oldest first
 */
export function chooseCold<T extends ColdCandidate>(byAge: Iterable<T>, wish: ColdWish): T | undefined {
  let best: T | undefined;
  for (const candidate of byAge) {
    if (candidate.runtime !== wish.runtime || candidate.network !== wish.network || candidate.tmpMb !== wish.tmpMb) continue;
    if (candidate.classMb > wish.memoryMb) continue;
    if (best === undefined || candidate.classMb > best.classMb) best = candidate;
  }
  return best;
}

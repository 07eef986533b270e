/** This pod among those that live: the first of two is `{ index: 0, count: 2 }`. */
export interface PodPlace {
  index: number;
  count: number;
}

export const ONLY_POD: PodPlace = { index: 0, count: 1 };

/**
 * This pod's part of a limit that holds for all pods together. The parts add up to the limit exactly: what cannot be divided goes
 * to the first ones. A part may be 0; such calls go to a pod that has one.
 */
export function limitShare(limit: number, { index, count }: PodPlace): number {
  if (count === 1) return limit;
  return Math.floor(limit / count) + (index < limit % count ? 1 : 0);
}

/** @param podIds of all pods that live, this one among them */
export function placeOf(podId: string, podIds: readonly string[]): PodPlace {
  const sorted = [...podIds].sort();
  const index = sorted.indexOf(podId);
  return index < 0 ? ONLY_POD : { index, count: sorted.length };
}

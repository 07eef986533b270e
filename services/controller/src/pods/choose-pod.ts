import type { PodCapacity, PodLease } from '@easyfaas/contracts/wire';

/** The container that a call needs. */
export interface PodWish {
  runtime: string;
  memoryMb: number;
}

/** A pod as the chooser sees it. */
export interface PodCandidate {
  lease: PodLease;
  /** Containers that calls take which were sent there since its lease was written. */
  sent: number;
}

/** A cold container answers in milliseconds, one that is still to be made in about half a second. */
const COLD_WORTH = 1000;

/**
 * How much room a pod has for such a call, 0 for none: cold containers first, then containers that can be made without another
 * one having to go. Warm ones are not looked at: a lease does not say which functions they serve.
 */
export function roomFor({ cold, containers, containersMax, memoryFreeMb }: PodCapacity, wish: PodWish, sent: number): number {
  // While its funclet is silent nothing can be started there.
  if (memoryFreeMb === undefined || memoryFreeMb < wish.memoryMb) return 0;
  const byMemory = Math.floor(memoryFreeMb / wish.memoryMb);
  const ready = Math.min(byMemory, cold[wish.runtime] ?? 0) - Math.floor(sent);
  if (ready > 0) return COLD_WORTH + ready;
  const makeable = Math.min(byMemory, containersMax - containers) + Math.min(0, ready);
  return Math.max(0, Math.min(COLD_WORTH, makeable));
}

/**
 * The better of two chosen at random among those with room. Not the best of all: leases are up to some seconds old, and every
 * pod in need would send to the same one.
 * @param random from 0 to under 1
 * @returns undefined when none has room
 */
export function choosePod(candidates: readonly PodCandidate[], wish: PodWish, random: () => number): PodLease | undefined {
  const able = candidates.flatMap(({ lease, sent }) => {
    const room = lease.isDraining ? 0 : roomFor(lease.capacity, wish, sent);
    return room > 0 ? [{ lease, room }] : [];
  });
  const first = pick(able, random);
  const second = pick(
    able.filter((each) => each !== first),
    random,
  );
  if (first === undefined || second === undefined) return first?.lease;
  return second.room > first.room ? second.lease : first.lease;
}

function pick<T>(from: readonly T[], random: () => number): T | undefined {
  return from[Math.floor(random() * from.length)];
}

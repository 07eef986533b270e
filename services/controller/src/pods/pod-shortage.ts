export interface ShortageFacts {
  /** Containers of a kind that waiting calls want beyond those being warmed up. */
  demanded: number;
  /** Of the kind: cold ones, and those on their way to become it. */
  cold: number;
  coming: number;
  /** Containers that may still be made under the pool's cap. */
  room: number;
  /** The node has memory for more. */
  hasMemory: boolean;
}

/** How many of the wanted containers could be had only if another one gave way, or one of the calls' own came free. Pure. */
export function shortage({ demanded, cold, coming, room, hasMemory }: ShortageFacts): number {
  return Math.max(0, demanded - cold - coming - (hasMemory ? Math.max(0, room) : 0));
}

export interface ShortageFacts {
  /** Containers of a kind that waiting calls want beyond those being warmed up. */
  demanded: number;
  /** Of the kind: cold ones, and those on their way to become it. */
  cold: number;
  coming: number;
  /** Containers that can be made now. */
  room: number;
}

/** How many of the wanted containers could be had only if another one gave way, or one of the calls' own came free. Pure. */
export function shortage({ demanded, cold, coming, room }: ShortageFacts): number {
  return Math.max(0, demanded - cold - coming - Math.max(0, room));
}

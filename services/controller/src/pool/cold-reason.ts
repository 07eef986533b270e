import type { ColdReason } from '@easyfaas/contracts/wire';

export interface ColdFacts {
  /** Warm containers of the function, all of them busy. */
  warm: number;
  /** A container had to be made first. */
  wasPoolEmpty: boolean;
  /** Why the function's last container went away; undefined when it had none in this controller's life. */
  lastEnd: ColdReason | undefined;
}

/** Why a call found no warm container: the nearest cause first. */
export function coldReason({ warm, wasPoolEmpty, lastEnd }: ColdFacts): ColdReason {
  // Whoever is evicted finds an empty pool, too: the pool was full, and why is what helps.
  if (warm === 0 && lastEnd?.startsWith('evicted') === true) return lastEnd;
  if (wasPoolEmpty) return 'pool empty';
  if (warm > 0) return 'busy';
  return lastEnd ?? 'first call';
}

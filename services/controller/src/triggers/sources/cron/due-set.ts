/** The next tick of one trigger. */
export interface DueEntry {
  accountId: string;
  triggerId: string;
  /** Not fired yet, ms since the epoch. */
  tickMs: number;
  /** Of the trigger for which it was worked out. */
  revisionId: string;
  updatedAt: string;
  /** The invocation of the tick before. */
  lastInvocationId?: string;
}

/**
 * The ticks to come of all triggers, shared by all pods. A claimed entry is nobody else's for a while; whoever dies with it loses
 * it to the others after that. Every method throws STORE_UNAVAILABLE when the store does not answer.
 */
export interface DueSet {
  /** Makes an entry, unless there is one for this or a newer state of the trigger. */
  offer(entry: DueEntry, attentionMs: number): Promise<void>;
  has(accountId: string, triggerId: string): Promise<boolean>;
  /** @returns entries whose time has come, at most `limit`; they are claimed for `leaseMs` */
  claim(nowMs: number, leaseMs: number, limit: number): Promise<DueEntry[]>;
  /** Puts the next tick in the place of a claimed one; no-op when another pod did so or the trigger was changed. */
  advance(claimed: DueEntry, next: DueEntry, attentionMs: number): Promise<void>;
  /** Removes a claimed entry; no-op when it was replaced meanwhile. */
  drop(claimed: DueEntry): Promise<void>;
}

import type { TriggerCounter, TriggerProblem } from '@easyfaas/contracts/wire';

/** What happened to a trigger, over all pods. */
export interface TriggerStatus {
  counters: Record<TriggerCounter, number>;
  lastError?: TriggerProblem;
  /** The last thing that happened was that error. */
  isFailing: boolean;
}

/** Where it is kept. Counting and noting never throw: they are written soon, and again when the store is back. */
export interface TriggerStatusBoard {
  count(accountId: string, triggerId: string, counter: TriggerCounter, by?: number): void;
  note(accountId: string, triggerId: string, problem: TriggerProblem | 'works'): void;
  /** @throws ServiceError STORE_UNAVAILABLE */
  read(accountId: string, triggerId: string): Promise<TriggerStatus>;
}

import type { StoredTrigger } from '@easyfaas/contracts/wire';

export interface TriggerPageRequest {
  /** Id of the last trigger of the page before. */
  marker?: string;
  limit: number;
  /** Only those of this function. */
  functionName?: string;
}

export interface TriggerPage {
  triggers: StoredTrigger[];
  /** Present when there are more. */
  nextMarker?: string;
}

/** Something about a trigger is different now; whoever needs to know what reads it. */
export interface TriggerChange {
  accountId: string;
  triggerId: string;
  source: string;
}

/** Where triggers last. Every method throws STORE_UNAVAILABLE when the store does not answer. */
export interface TriggerStore {
  get(accountId: string, triggerId: string): Promise<StoredTrigger | undefined>;
  /** MUST be atomic, the count included. @returns 'full' when the account has too many, 'exists' when it has one of this id */
  create(created: StoredTrigger, limit: number): Promise<'created' | 'full' | 'exists'>;
  /** MUST replace only what still has the expected revision, atomically, and keep the indexes right. */
  replace(updated: StoredTrigger, before: StoredTrigger): Promise<'replaced' | 'missing' | 'stale'>;
  /** With everything that is kept of it. */
  delete(trigger: StoredTrigger): Promise<'deleted' | 'missing'>;
  /** In order of their ids. */
  list(accountId: string, page: TriggerPageRequest): Promise<TriggerPage>;
  /** All of one function. */
  ofFunction(accountId: string, functionName: string): Promise<StoredTrigger[]>;
  /** All of one kind, of one account. */
  ofSource(accountId: string, source: string): Promise<StoredTrigger[]>;
  /** All of one kind, of all accounts, in pieces. */
  everyOfSource(source: string): AsyncIterable<StoredTrigger[]>;
  onChange(listener: (change: TriggerChange) => void): void;
  /** Called when changes may have been missed. */
  onGap(listener: () => void): void;
}

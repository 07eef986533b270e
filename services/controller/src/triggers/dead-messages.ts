import type { DeadMessage } from './source';

/** One that is kept. */
export interface KeptDeadMessage extends DeadMessage {
  deadLetterId: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Only the beginning of its payload is kept. */
  isCut: boolean;
}

/**
 * Messages that never became events, per trigger: not readable, too large, tried too often. Events that were accepted and failed
 * are dead letters of their function instead. Every method throws STORE_UNAVAILABLE when the store does not answer.
 */
export interface DeadMessages {
  add(accountId: string, triggerId: string, message: DeadMessage): Promise<void>;
  /** Oldest first. */
  list(accountId: string, triggerId: string, page: { marker?: string; limit: number }): Promise<KeptDeadMessage[]>;
  /** @returns undefined when there is none of that id */
  read(accountId: string, triggerId: string, deadLetterId: string): Promise<KeptDeadMessage | undefined>;
  /** @returns how many there were */
  remove(accountId: string, triggerId: string, deadLetterIds: readonly string[]): Promise<number>;
  purge(accountId: string, triggerId: string): Promise<number>;
}

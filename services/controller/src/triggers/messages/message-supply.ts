/** One message that this pod has taken and not settled. */
export interface TakenMessage {
  messageId: string;
  /** Where the supply may use an id anew: one that it will not. */
  eventId?: string;
  /** Undefined when the message has no content where it should be. */
  bytes: Buffer | undefined;
  /** Times that it was taken, this one included. */
  attempt: number;
  /** What else is known about it, shown to functions that take batches. */
  attributes: Record<string, string>;
}

/**
 * Where a source takes messages from. A message that is taken is nobody else's until it is settled, or its keeper is gone for too
 * long. Methods throw when the store does not answer.
 */
export interface MessageSupply {
  /** @returns what is there now, at most `limit` */
  take(limit: number): Promise<TakenMessage[]>;
  /** They are done with, for good. */
  settle(messages: readonly TakenMessage[]): Promise<void>;
  /** They come again later. */
  giveBack(messages: readonly TakenMessage[], reason: string): Promise<void>;
  /** They are still being worked on. */
  keep(messages: readonly TakenMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** A synchronous call that is to be run once. */
export interface KeyedCall {
  accountId: string;
  functionName: string;
  /** The caller's, 1 to 256 bytes. */
  idempotencyKey: string;
  /** Of everything that makes it the same request. */
  fingerprint: string;
  requestId: string;
  /** How long it may take; after that the key is free again, whatever became of the call, ms. */
  leaseMs: number;
}

/** An answer with status 200. */
export interface KeptAnswer {
  /** Name, value, name, value. */
  headers: string[];
  body: Buffer;
}

/** What became of synchronous calls that came with an `Idempotency-Key`. */
export interface KeptCalls {
  /**
   * Takes the key for a call that is about to be run.
   * @returns the answer of the call that had it before; undefined: run it, then {@link keep} or {@link release}
   * @throws ServiceError IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_MISMATCH, INVOCATION_ENDED (its answer was too large to keep),
   *   STORE_UNAVAILABLE: it was not run
   */
  claim(call: KeyedCall): Promise<KeptAnswer | undefined>;
  /** @throws ServiceError STORE_UNAVAILABLE */
  keep(call: KeyedCall, answer: KeptAnswer): Promise<void>;
  /** The call has not run, or its caller was told to repeat it. @throws ServiceError STORE_UNAVAILABLE */
  release(call: KeyedCall): Promise<void>;
}

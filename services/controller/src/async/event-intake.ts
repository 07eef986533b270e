/** An event for a function, from whoever has one: the API, a trigger, a destination, a replay. */
export interface NewEvent {
  accountId: string;
  functionName: string;
  /** `$LATEST`, a version or an alias. */
  qualifier: string;
  payload: Buffer;
  contentType?: string | undefined;
  /** JSON text, not base64. */
  clientContext?: string | undefined;
  /** W3C Trace Context. */
  traceparent?: string | undefined;
  tracestate?: string | undefined;
  /** Where it comes from, shown in its record: `api`, `trigger:<id>`, `destination:<invocation id>`, `replay:<invocation id>`. */
  source: string;
  /** Id of the key that whoever sent it brought. */
  keyId?: string | undefined;
  /** Its id; made when absent. The same id again within the retention is the same event. */
  requestId?: string | undefined;
  /** Kept for 24 h: the same key and body is the same event. At most 256 bytes. Scope: account and function. */
  idempotencyKey?: string | undefined;
  /** How many invocations led to this one; 0 when nothing is known. */
  depth?: number;
  /** Instead of what the function's event-invoke-config says. */
  maximumRetryAttempts?: number | undefined;
  /** Instead of what the function's event-invoke-config says, ms. */
  maximumAgeMs?: number | undefined;
  /** Milliseconds since the epoch: not run before. The maximum age counts from then. */
  notBeforeMs?: number | undefined;
  /** Where the outcome is posted as OpenFaaS does, beside the function's destinations; not repeated with a replay. */
  callbackUrl?: string | undefined;
  /** Id of the invocation that this one repeats; the function is told. */
  replayOf?: string | undefined;
}

export interface AcceptedEvent {
  /** Id of the invocation: `GET /v1/invocations/{id}`. */
  requestId: string;
  /** The event had been accepted before: nothing was added. */
  isDuplicate: boolean;
}

/** Takes events that must not get lost. */
export interface EventIntake {
  /**
   * Settles after Redis has acknowledged the write; then the event will be run, or end in the dead letters with a reason.
   * @throws ServiceError FUNCTION_NOT_FOUND, PAYLOAD_TOO_LARGE, URL_NOT_ALLOWED, QUEUE_FULL, RECURSION_LIMIT,
   *   IDEMPOTENCY_MISMATCH: it was not accepted; QUEUE_UNAVAILABLE within 2 s: it may have been, repeat it with the same idempotency key or request id
   */
  accept(event: NewEvent): Promise<AcceptedEvent>;
}

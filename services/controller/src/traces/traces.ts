import type { InvocationRecord } from '@easyfaas/contracts/wire';

/** What a caller says of the trace that its call belongs to, not checked. */
export interface CallerTrace {
  requestId: string;
  traceparent: string | undefined;
  tracestate?: string | undefined;
  /** Another pod has checked it, and has a span of its own for it. */
  forwarded?: unknown;
}

/** The trace that a call belongs to. */
export interface CallTrace {
  traceId: string;
  /** Of the call; undefined where no spans are made: then the caller's is passed on. */
  spanId: string | undefined;
  /** Of who called; undefined when the trace begins with this call. */
  parentSpanId: string | undefined;
  /** For the function, and for who called. */
  traceparent: string;
  tracestate: string | undefined;
}

/** MUST NOT wait, throw or keep a call from being answered. */
export interface Traces {
  /** @returns undefined when the call belongs to no trace */
  begin(caller: CallerTrace): CallTrace | undefined;
  /** The call has ended. @param startedAtMs since the epoch, with fractions */
  end(trace: CallTrace, record: InvocationRecord, startedAtMs: number): void;
}

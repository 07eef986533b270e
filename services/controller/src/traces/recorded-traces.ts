import { createHash, randomBytes } from 'node:crypto';
import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { otlpSpan } from './otlp-span';
import { passedTrace, validTracestate } from './passed-traces';
import { readTraceparent, traceparentOf } from './trace-context';
import type { CallTrace, CallerTrace, Traces } from './traces';

export interface RecordedTracesOptions {
  /** Takes a span as OTLP's JSON. MUST return at once. */
  send: (span: string) => void;
  /** Share of the traces that begin here, 0 to 1; what a caller says of its own trace is obeyed. */
  rate: number;
  random?: (bytes: number) => Buffer;
}

const SPAN_BYTES = 8;
const POOL_BYTES = SPAN_BYTES * 512;
const NIL = '00000000-0000-0000-0000-000000000000';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * A span for each call of a sampled trace: a child of the caller's, and the parent of whatever the function does. A trace that begins
 * here has its id from the request id, so that all tries of an event are in one.
 */
export class RecordedTraces implements Traces {
  readonly #options: RecordedTracesOptions;
  readonly #random: (bytes: number) => Buffer;
  #pool: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(options: RecordedTracesOptions) {
    this.#options = options;
    this.#random = options.random ?? randomBytes;
  }

  begin(caller: CallerTrace): CallTrace | undefined {
    if (caller.forwarded !== undefined) return passedTrace(caller);
    const context = caller.traceparent === undefined ? undefined : readTraceparent(caller.traceparent);
    if (context === undefined) return this.#root(caller.requestId);
    if (!context.isSampled) return passedTrace(caller);
    const { traceId, parentSpanId } = context;
    const spanId = this.#nextSpanId();
    const tracestate = validTracestate(caller.tracestate);
    return { traceId, spanId, parentSpanId, traceparent: traceparentOf(traceId, spanId, true), tracestate };
  }

  end(trace: CallTrace, record: InvocationRecord, startedAtMs: number): void {
    if (trace.spanId !== undefined) this.#options.send(otlpSpan({ ...trace, spanId: trace.spanId }, record, startedAtMs));
  }

  #root(requestId: string): CallTrace | undefined {
    const traceId = traceIdOf(requestId);
    if (!isChosen(traceId, this.#options.rate)) return undefined;
    const spanId = this.#nextSpanId();
    return { traceId, spanId, parentSpanId: undefined, traceparent: traceparentOf(traceId, spanId, true), tracestate: undefined };
  }

  /** Random bytes are fetched for 512 at a time, as nonces are. */
  #nextSpanId(): string {
    if (this.#at >= this.#pool.length) {
      this.#pool = this.#random(POOL_BYTES);
      this.#at = 0;
    }
    const start = this.#at;
    this.#at += SPAN_BYTES;
    const spanId = this.#pool.toString('hex', start, this.#at);
    return spanId === '0000000000000000' ? this.#nextSpanId() : spanId;
  }
}

/** A UUID is as many digits as the id of a trace has; any other id is hashed, and so is the one that no trace may have. */
function traceIdOf(requestId: string): string {
  if (UUID.test(requestId) && requestId !== NIL) return requestId.replaceAll('-', '');
  return createHash('sha256').update(requestId).digest('hex').slice(0, 32);
}

/** By the last 32 bits, which are random in a UUID, too: every pod and every try decides alike. */
function isChosen(traceId: string, rate: number): boolean {
  return rate >= 1 || parseInt(traceId.slice(24), 16) < rate * 2 ** 32;
}

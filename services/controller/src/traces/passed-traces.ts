import { isTracestate, readTraceparent } from './trace-context';
import type { CallTrace, CallerTrace, Traces } from './traces';

/**
 * Passes a valid context on as it came. The platform makes no spans then: one of its own in the middle would be a parent that nobody
 * ever sees, and cut the trace in two (W3C Trace Context, 3.4 allows this to who collects nothing).
 */
export const PASSED_TRACES: Traces = {
  begin: passedTrace,
  end: () => undefined,
};

export function passedTrace({ traceparent, tracestate }: CallerTrace): CallTrace | undefined {
  const context = traceparent === undefined ? undefined : readTraceparent(traceparent);
  if (traceparent === undefined || context === undefined) return undefined;
  return {
    traceId: context.traceId,
    spanId: undefined,
    parentSpanId: context.parentSpanId,
    traceparent,
    tracestate: validTracestate(tracestate),
  };
}

export function validTracestate(tracestate: string | undefined): string | undefined {
  return tracestate !== undefined && tracestate !== '' && isTracestate(tracestate) ? tracestate : undefined;
}

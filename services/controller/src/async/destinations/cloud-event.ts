import type { EventState } from '../event-state';

/** What `type` begins with; the event's final status follows. */
const TYPE = 'easyfaas.invocation.';

/** An outcome in the structured JSON format of CloudEvents 1.0. @param id the same for every try of the delivery */
export function cloudEventOf(
  { requestId, status, endedAtMs = 0, traceparent, tracestate }: EventState,
  { id, source, data }: { id: string; source: string; data: Record<string, unknown> },
): Record<string, unknown> {
  return {
    specversion: '1.0',
    id,
    // A URI reference with a scheme of its own: BRNs are written like URNs.
    source,
    type: `${TYPE}${status}`,
    subject: requestId,
    time: new Date(endedAtMs).toISOString(),
    datacontenttype: 'application/json',
    // The extension "distributed tracing" of the specification.
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(traceparent === undefined || tracestate === undefined ? {} : { tracestate }),
    data,
  };
}

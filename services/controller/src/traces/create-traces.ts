import type { Clock, Logger, Registry } from '@easyfaas/service-kit';
import type { TraceSettings } from './env';
import { PASSED_TRACES } from './passed-traces';
import { postSpansTo } from './post-spans';
import { RecordedTraces } from './recorded-traces';
import { SpanExporter } from './span-exporter';
import type { Traces } from './traces';

export interface TracesDeps {
  clock: Clock;
  logger: Logger;
  registry: Registry;
  version: string;
  podId: string | undefined;
}

/** Spans for a collector where there is one; else contexts are passed on. @returns stop sends what waits */
export function createTraces(
  { endpoint, headers, rate, serviceName }: TraceSettings,
  { version, podId, ...deps }: TracesDeps,
): { traces: Traces; stop: () => Promise<void> } {
  if (endpoint === undefined) return { traces: PASSED_TRACES, stop: async () => undefined };
  const resource = { 'service.name': serviceName, 'service.version': version, 'service.instance.id': podId };
  const exporter = new SpanExporter({ ...deps, resource, post: postSpansTo(endpoint, headers) });
  return { traces: new RecordedTraces({ rate, send: (span) => exporter.add(span) }), stop: () => exporter.stop() };
}

import type { EnvReader } from '@easyfaas/service-kit';

/** Names and meaning are OpenTelemetry's. */
export interface TraceSettings {
  /** undefined: no spans are made. */
  endpoint: URL | undefined;
  headers: Record<string, string>;
  /** Share of the traces that begin here. */
  rate: number;
  serviceName: string;
}

export function readTraceSettings(reader: EnvReader): TraceSettings {
  const text = reader.optionalText('OTEL_EXPORTER_OTLP_ENDPOINT');
  const headers = reader.optionalText('OTEL_EXPORTER_OTLP_HEADERS') ?? '';
  return {
    endpoint: text === undefined ? undefined : endpointOf(text, reader),
    headers: headersOf(headers, reader),
    rate: reader.decimal('OTEL_TRACES_SAMPLER_ARG', 1, { min: 0, max: 1 }),
    serviceName: reader.text('OTEL_SERVICE_NAME', 'easyfaas'),
  };
}

function endpointOf(text: string, reader: EnvReader): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  reader.problem(`OTEL_EXPORTER_OTLP_ENDPOINT is "${text}", expected a URL such as http://127.0.0.1:4318`);
  return undefined;
}

/** `name=value,name=value`, percent-encoded. What is wrong is not repeated: values are secrets. */
function headersOf(text: string, reader: EnvReader): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const each of text.split(',').filter((part) => part.trim() !== '')) {
    const match = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*((?:%[0-9a-fA-F]{2}|[\x21-\x24\x26-\x7e]| )*?)\s*$/.exec(each);
    if (match?.[1] === undefined) reader.problem('OTEL_EXPORTER_OTLP_HEADERS is none of the form name=value,name=value, percent-encoded');
    else headers[match[1]] = decodeURIComponent(match[2] ?? '');
  }
  return headers;
}

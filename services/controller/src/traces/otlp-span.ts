import type { InvocationRecord } from '@easyfaas/contracts/wire';
import type { CallTrace } from './traces';

type Value = string | number | boolean | undefined;

/** OTLP 1.x: `SPAN_KIND_SERVER`, `STATUS_CODE_ERROR`. */
const SERVER = 2;
const FAILED = 2;

/** A call as a span in OTLP's JSON. Names of attributes are OpenTelemetry's where it has one (`faas.*`, `http.*`, `error.type`). */
export function otlpSpan(trace: CallTrace & { spanId: string }, record: InvocationRecord, startedAtMs: number): string {
  const { status, stages } = record;
  const isFailed = status !== 'succeeded';
  return JSON.stringify({
    traceId: trace.traceId,
    spanId: trace.spanId,
    ...(trace.parentSpanId === undefined ? {} : { parentSpanId: trace.parentSpanId }),
    ...(trace.tracestate === undefined ? {} : { traceState: trace.tracestate }),
    name: record.functionName,
    kind: SERVER,
    startTimeUnixNano: nanoseconds(startedAtMs),
    endTimeUnixNano: nanoseconds(startedAtMs + stages.totalMs),
    attributes: attributesOf({
      'faas.name': record.functionName,
      'faas.version': record.version,
      'faas.invocation_id': record.requestId,
      'faas.coldstart': record.start === undefined ? undefined : record.start === 'cold',
      'faas.trigger': triggerOf(record),
      'http.response.status_code': record.httpStatus,
      'error.type': record.errorType,
      'easyfaas.account_id': record.accountId,
      'easyfaas.key_id': record.keyId,
      'easyfaas.source': record.source,
      'easyfaas.status': status,
      'easyfaas.pod_id': record.podId,
      'easyfaas.container_id': record.containerId,
      'easyfaas.cold_reason': record.coldReason,
      'easyfaas.wait_ms': stages.waitMs,
      'easyfaas.warmup_ms': stages.warmupMs,
      'easyfaas.init_ms': stages.initMs,
      'easyfaas.invoke_ms': stages.invokeMs,
      'easyfaas.first_byte_ms': stages.firstByteMs,
      'easyfaas.cpu_ms': record.cpuMs,
      'easyfaas.max_memory_mb': record.maxMemoryMb,
    }),
    ...(isFailed ? { status: { code: FAILED, message: record.errorType ?? status } } : {}),
  });
}

/** What a collector wants to have once per request. @param spans as {@link otlpSpan} makes them */
export function otlpRequest(spans: readonly string[], resource: Readonly<Record<string, Value>>): string {
  const head = JSON.stringify({ attributes: attributesOf(resource) });
  return `{"resourceSpans":[{"resource":${head},"scopeSpans":[{"scope":{"name":"easyfaas"},"spans":[${spans.join(',')}]}]}]}`;
}

const triggerOf = ({ invokeType, source }: InvocationRecord): string =>
  invokeType === 'Event' ? 'pubsub' : source === undefined ? 'http' : 'other';

/** 64 bits do not fit into a number of JSON: OTLP has them as text. */
function nanoseconds(wallMs: number): string {
  const whole = Math.floor(wallMs);
  return `${whole}${String(Math.floor((wallMs - whole) * 1e6)).padStart(6, '0')}`;
}

function attributesOf(values: Readonly<Record<string, Value>>): { key: string; value: object }[] {
  const attributes = [];
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) attributes.push({ key, value: anyValue(key, value) });
  }
  return attributes;
}

/** One type for each name: backends refuse, or lose, an attribute that is an integer in one span and a fraction in the next. */
function anyValue(key: string, value: Exclude<Value, undefined>): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return key.endsWith('_ms') ? { doubleValue: value } : { intValue: String(Math.round(value)) };
}

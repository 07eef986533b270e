import type { IncomingHttpHeaders } from 'node:http';
import { CloudEvent, type CloudEventV1, HTTP } from 'cloudevents';
import { invalidField } from '../../../invalid-field';

/** An event in the JSON format (CloudEvents 1.0.2). */
export type CloudEventJson = Record<string, unknown> & { id: string; source: string };

const BATCH_MAX = 1000;

/**
 * Reads the HTTP binding: binary (`ce-` headers), structured (`application/cloudevents+json`) or a batch.
 * @throws ServiceError VALIDATION_FAILED naming what is wrong
 */
export function readHttpEvents(headers: IncomingHttpHeaders, body: Buffer): CloudEventJson[] {
  const contentType = headers['content-type'] ?? '';
  if (/^application\/cloudevents-batch\+json\b/i.test(contentType)) {
    const batch = parseJson(body.toString());
    if (!Array.isArray(batch)) throw invalid('', 'a batch must be a list');
    if (batch.length > BATCH_MAX) throw invalid('', `a batch may have ${BATCH_MAX} events`);
    return batch.map((each) => readStructuredEvent(each));
  }
  if (/^application\/cloudevents\+json\b/i.test(contentType)) return [readStructuredEvent(parseJson(body.toString()))];
  if (headers['ce-specversion'] === undefined) {
    throw invalid('specversion', 'the request has neither ce- headers nor the type application/cloudevents+json or -batch+json');
  }
  const isText = /^(text\/|application\/json\b|[^;]*\+json\b)/i.test(contentType);
  const message = { headers, body: body.length === 0 ? undefined : isText ? body.toString() : body };
  return [toJson(() => HTTP.toEvent(message) as CloudEventV1<unknown>, headers['ce-time'] !== undefined)];
}

/** Reads one event in the JSON format. @throws ServiceError VALIDATION_FAILED */
export function readStructuredEvent(value: unknown): CloudEventJson {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('', 'an event must be an object');
  return toJson(() => new CloudEvent(value, false), Object.hasOwn(value, 'time'));
}

function toJson(make: () => CloudEventV1<unknown>, hasTime: boolean): CloudEventJson {
  let event: CloudEvent<unknown>;
  try {
    event = make() as CloudEvent<unknown>;
    event.validate();
  } catch (cause) {
    throw invalid('', cause instanceof Error ? reasonOf(cause) : 'it cannot be read');
  }
  if (event.specversion !== '1.0') throw invalid('specversion', `specversion must be 1.0, not ${String(event.specversion).slice(0, 20)}`);
  const { time, ...json } = event.toJSON();
  // The library fills a missing time in; an event that comes twice must be the same both times.
  return { ...json, ...(hasTime ? { time } : {}) } as CloudEventJson;
}

function reasonOf(cause: Error): string {
  const [first] = 'errors' in cause && Array.isArray(cause.errors) ? (cause.errors as { instancePath?: string; message?: string }[]) : [];
  if (first?.message === undefined) return cause.message.split('\n')[0]?.slice(0, 200) ?? '';
  return `${(first.instancePath ?? '').slice(1)} ${first.message}`.trim().slice(0, 200);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('', 'the body is not JSON');
  }
}

function invalid(field: string, what: string): Error {
  return invalidField(field, `This is no CloudEvent: ${what}.`);
}

import type { InvocationRecord, InvocationStages } from '@easyfaas/contracts/wire';
import type { EventState } from './event-state';
import type { Settlement } from './redis-event-store';

/** HTTP statuses as a synchronous caller would have seen them. */
const OK = 200;
const UNAVAILABLE = 503;

/** The record of an event that has ended: one for all its tries. */
export function eventRecord(event: EventState, { status, nowMs, fields }: Settlement): InvocationRecord {
  const startedAtMs = event.notBeforeMs === undefined ? event.acceptedAtMs : Math.max(event.acceptedAtMs, event.notBeforeMs);
  const stages = (fields['stages'] === undefined ? {} : JSON.parse(String(fields['stages']))) as Partial<InvocationStages>;
  const latest = event.attempts.at(-1);
  const errorType = String(fields['errorType'] ?? latest?.reason ?? '');
  return {
    requestId: event.requestId,
    accountId: event.accountId,
    functionName: event.functionName,
    version: String(fields['executedVersion'] ?? event.qualifier),
    commitId: '',
    invokeType: 'Event',
    status: status as InvocationRecord['status'],
    httpStatus: latest?.outcome === 'platform error' ? UNAVAILABLE : OK,
    startedAt: new Date(startedAtMs).toISOString(),
    stages: { ...stages, totalMs: nowMs - startedAtMs },
    payloadBytes: event.payload.length,
    resultBytes: Number(fields['resultBytes'] ?? 0),
    attemptCount: event.attempt,
    source: event.source,
    ...(event.condition === undefined ? {} : { condition: event.condition }),
    ...(errorType === '' ? {} : { errorType }),
    ...(latest?.message === undefined ? {} : { errorMessage: latest.message }),
    ...(latest?.containerId === undefined ? {} : { containerId: latest.containerId }),
    ...(Buffer.isBuffer(fields['logTail']) ? { logTail: fields['logTail'].toString('utf8') } : {}),
  };
}

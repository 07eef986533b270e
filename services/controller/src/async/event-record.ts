import type { InvocationRecord } from '@easyfaas/contracts/wire';
import type { InvocationResult } from '../invoke/invoker';
import { readTraceparent } from '../traces/trace-context';
import { IsoTime } from '../invoke/iso-time';
import type { EventState } from './event-state';
import type { Settlement } from './redis-event-store';

/** HTTP statuses as a synchronous caller would have seen them. */
const OK = 200;
const UNAVAILABLE = 503;

const ISO_TIME = new IsoTime();

/** The record of an event that has ended: one for all its tries. @param result of the last one, when there was one */
export function eventRecord(event: EventState, settlement: Settlement, result: InvocationResult | undefined): InvocationRecord {
  const { status, nowMs, outcome } = settlement;
  const startedAtMs = event.notBeforeMs === undefined ? event.acceptedAtMs : Math.max(event.acceptedAtMs, event.notBeforeMs);
  const latest = event.attempts.at(-1);
  const errorType = outcome.errorType ?? latest?.reason ?? '';
  return {
    requestId: event.requestId,
    accountId: event.accountId,
    functionName: event.functionName,
    version: outcome.executedVersion ?? event.qualifier,
    commitId: '',
    invokeType: 'Event',
    status: status as InvocationRecord['status'],
    httpStatus: latest?.outcome === 'platform error' ? UNAVAILABLE : OK,
    startedAt: ISO_TIME.format(startedAtMs),
    stages: { ...result?.stages, totalMs: nowMs - startedAtMs },
    payloadBytes: event.payload.length,
    resultBytes: outcome.resultBytes ?? 0,
    attemptCount: event.attempt,
    source: event.source,
    ...(event.traceparent === undefined ? {} : { traceId: readTraceparent(event.traceparent)?.traceId ?? '' }),
    ...(event.keyId === undefined ? {} : { keyId: event.keyId }),
    ...(event.condition === undefined ? {} : { condition: event.condition }),
    ...(errorType === '' ? {} : { errorType }),
    ...(latest?.message === undefined ? {} : { errorMessage: latest.message }),
    ...(latest?.containerId === undefined ? {} : { containerId: latest.containerId }),
    // As with synchronous calls: START and REPORT of one that wrote nothing say no more than the record does.
    ...(result?.hasLog === true ? { logTail: outcome.logTail ?? '' } : {}),
  };
}

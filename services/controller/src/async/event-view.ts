import { readTraceparent } from '../traces/trace-context';
import type { EventState } from './event-state';
import { shownBytes } from './shown-bytes';

/** An event as the API shows it: the members of a record, and its life. */
export function eventView(event: EventState, { hasBodies }: { hasBodies: boolean }): Record<string, unknown> {
  const { requestId, accountId, functionName, qualifier, status, source, attempts } = event;
  const latest = attempts.at(-1);
  return {
    requestId,
    accountId,
    functionName,
    version: event.executedVersion ?? qualifier,
    invokeType: 'Event',
    status,
    ...(event.condition === undefined ? {} : { condition: event.condition }),
    source,
    ...(event.keyId === undefined ? {} : { keyId: event.keyId }),
    startedAt: iso(event.acceptedAtMs),
    acceptedAt: iso(event.acceptedAtMs),
    ...(event.notBeforeMs === undefined ? {} : { notBefore: iso(event.notBeforeMs) }),
    ...(event.endedAtMs === undefined ? {} : { endedAt: iso(event.endedAtMs) }),
    attemptCount: event.attempt,
    functionErrors: event.functionErrors,
    attempts,
    depth: event.depth,
    payloadBytes: event.payload.length,
    resultBytes: event.resultBytes,
    ...(event.stages === undefined ? {} : { stages: event.stages }),
    ...(event.errorType === undefined || event.errorType === '' ? {} : { errorType: event.errorType }),
    ...(latest?.message === undefined || status === 'succeeded' ? {} : { errorMessage: latest.message }),
    ...(latest?.containerId === undefined ? {} : { containerId: latest.containerId }),
    ...(event.cancelRequestedAtMs === undefined ? {} : { cancelRequestedAt: iso(event.cancelRequestedAtMs) }),
    ...traceIdOf(event),
    ...(event.replayOf === undefined ? {} : { replayOf: event.replayOf }),
    ...(event.redrivenAs === undefined ? {} : { redrivenAs: event.redrivenAs }),
    ...(event.delivery === undefined ? {} : { delivery: event.delivery }),
    ...(event.callback === undefined ? {} : { callback: event.callback }),
    ...(hasBodies ? bodies(event) : {}),
  };
}

function traceIdOf({ traceparent = '' }: EventState): { traceId?: string } {
  const context = readTraceparent(traceparent);
  return context === undefined ? {} : { traceId: context.traceId };
}

function bodies(event: EventState): Record<string, unknown> {
  const { result, resultBytes, payload, contentType, resultContentType, logTail } = event;
  const isKept = result !== undefined && result.length === resultBytes;
  return {
    ...shownBytes('payload', payload, contentType),
    ...(isKept ? shownBytes('result', result, resultContentType) : {}),
    ...(result !== undefined && !isKept ? { isResultTooLarge: true } : {}),
    ...(logTail === undefined ? {} : { logTail }),
  };
}

const iso = (wallMs: number): string => new Date(wallMs).toISOString();

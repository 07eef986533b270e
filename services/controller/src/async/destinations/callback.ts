import { ERRORS, type ErrorCode } from '@easyfaas/contracts/wire';
import { ServiceError, asServiceError, errorEnvelope } from '@easyfaas/service-kit';
import { type HttpAnswer, functionFault, httpAnswer } from '../../triggers/web/http-answer';
import type { EventState } from '../event-state';

export interface Callback {
  headers: Record<string, string>;
  body: Buffer;
}

/**
 * The request to a caller's `X-Callback-Url`, as OpenFaaS's queue worker makes it: the body that a synchronous caller would have
 * got, and headers that say whose it is and how it went.
 */
export function callbackOf(event: EventState): Callback {
  const { status, headers, body } = answerOf(event);
  const typeAt = headers.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === 'content-type');
  const durationMs = event.stages?.totalMs ?? 0;
  return {
    headers: {
      'Content-Type': headers[typeAt + 1] ?? 'application/octet-stream',
      'X-Call-Id': event.requestId,
      'X-Function-Name': event.functionName,
      'X-Function-Status': String(status),
      'X-Duration-Seconds': (durationMs / 1000).toFixed(6),
      'X-Start-Time': `${event.acceptedAtMs}000000`,
    },
    body,
  };
}

function answerOf(event: EventState): HttpAnswer {
  const { status, requestId, result, resultBytes, resultContentType = 'application/json' } = event;
  try {
    if (status !== 'succeeded') throw failureOf(event);
    if (result?.length === resultBytes) return httpAnswer({ body: result, contentType: resultContentType });
    throw new ServiceError(
      'RESPONSE_TOO_LARGE',
      `The result has ${resultBytes} bytes, more than is kept of an event (EASYFAAS_ASYNC_RESULT_KB).`,
    );
  } catch (thrown) {
    const error = asServiceError(thrown);
    const body = Buffer.from(JSON.stringify(errorEnvelope(error, requestId)));
    return { status: error.status, headers: ['Content-Type', 'application/json; charset=utf-8'], body };
  }
}

function failureOf({ condition, errorType = '', attempts }: EventState): ServiceError {
  const latest = attempts.at(-1);
  if (latest?.outcome === 'function error') return functionFault(errorType);
  const text = latest?.message ?? `The event ended without a result (${condition ?? 'unknown'}).`;
  return new ServiceError(isErrorCode(latest?.reason) ? latest.reason : 'DEADLINE_EXCEEDED', text);
}

const isErrorCode = (text: string | undefined): text is ErrorCode => text !== undefined && Object.hasOwn(ERRORS, text);

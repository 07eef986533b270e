import type { EventState } from '../event-state';

/** The body of a delivery: AWS Lambda's destination record. */
export function destinationRecord(event: EventState, functionArn: string): Record<string, unknown> {
  const { requestId, condition, attempt, payload, contentType, result, resultBytes, errorType, executedVersion, endedAtMs = 0 } = event;
  const isKept = result !== undefined && result.length === resultBytes && resultBytes > 0;
  return {
    version: '1.0',
    timestamp: new Date(endedAtMs).toISOString(),
    requestContext: { requestId, functionArn: `${functionArn}:${event.qualifier}`, condition, approximateInvokeCount: attempt },
    requestPayload: jsonOf(payload, contentType),
    ...(executedVersion === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion,
            ...(errorType === undefined || errorType === '' ? {} : { functionError: 'Unhandled' }),
          },
        }),
    responsePayload: isKept ? jsonOf(result, event.resultContentType) : null,
  };
}

/** JSON as it is, everything else as text, or in base64 where it is no text. */
function jsonOf(bytes: Buffer, contentType = 'application/json'): unknown {
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').compare(bytes) !== 0) return bytes.toString('base64');
  if (!contentType.startsWith('application/json') || text === '') return text === '' ? null : text;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

import { ServiceError } from '@easyfaas/service-kit';
import type { InvokeHeaders } from './request-headers';

/** AWS Lambda's limit for the header, before base64. */
const CLIENT_CONTEXT_BYTES_MAX = 3583;

/** @throws ServiceError VALIDATION_FAILED, UNSUPPORTED_MEDIA_TYPE: a header that asks for what is not done */
export function checkInvokeHeaders({ invokeType, logType, responseMode, contentEncoding }: InvokeHeaders): void {
  if (invokeType !== undefined && !isSync(invokeType) && !isDryRun(invokeType) && !isEvent(invokeType)) {
    throw invalid('X-Easyfaas-Invoke-Type', 'X-Easyfaas-Invoke-Type must be common, event or dryrun.');
  }
  if (logType !== undefined && logType !== 'Tail' && logType !== 'None') throw invalid('Log-Type', 'Log-Type must be Tail or None.');
  if (responseMode !== undefined && responseMode !== 'stream' && responseMode !== 'buffered') {
    throw invalid('X-Easyfaas-Response-Mode', 'X-Easyfaas-Response-Mode must be stream or buffered.');
  }
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') {
    throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding must be identity: send the payload as it is.');
  }
}

export function wantsEvent({ invokeType }: InvokeHeaders): boolean {
  return invokeType !== undefined && isEvent(invokeType);
}

export function wantsDryRun({ invokeType }: InvokeHeaders): boolean {
  return invokeType !== undefined && isDryRun(invokeType);
}

/** Whether the answer may come in pieces; what the function then does is up to it. */
export function wantsStream({ responseMode }: InvokeHeaders): boolean {
  return responseMode === 'stream';
}

/**
 * The client context as JSON text; it comes as base64 of JSON.
 * @throws ServiceError VALIDATION_FAILED
 */
export function clientContextOf({ clientContext }: InvokeHeaders): string | undefined {
  if (clientContext === undefined) return undefined;
  const text = Buffer.from(clientContext, 'base64').toString('utf8');
  if (Buffer.byteLength(text) > CLIENT_CONTEXT_BYTES_MAX) {
    throw invalid('X-Amz-Client-Context', `X-Amz-Client-Context is over ${CLIENT_CONTEXT_BYTES_MAX} bytes.`);
  }
  try {
    JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalid('X-Amz-Client-Context', 'X-Amz-Client-Context must be JSON in base64.');
  }
  return text;
}

const isSync = (type: string): boolean => type === 'common' || type === 'RequestResponse';
const isEvent = (type: string): boolean => type === 'event' || type === 'Event';
const isDryRun = (type: string): boolean => type === 'dryrun' || type === 'DryRun';

function invalid(field: string, message: string): ServiceError {
  return new ServiceError('VALIDATION_FAILED', message, { details: { field } });
}

import type { IncomingMessage } from 'node:http';
import { plainHeaders } from '../../triggers/web/http-event';
import type { CallPath } from './openfaas-name';

export interface CallPayload {
  /** Absent: JSON, or nothing at all. */
  contentType: string | undefined;
  /** JSON text. */
  clientContext: string;
}

/**
 * How a request reaches the function: the body is the event, parsed when its type says that it is JSON and as bytes otherwise; what
 * OpenFaaS tells in `Http_Method`, `Http_Path`, `Http_Query` and so on is in the client context, `custom.http`.
 */
export function callPayload(
  request: Pick<IncomingMessage, 'method' | 'headers' | 'rawHeaders'>,
  { path, query }: CallPath,
  body: Buffer,
): CallPayload {
  const http = { method: request.method ?? 'GET', path, query, headers: plainHeaders(request) };
  return { contentType: contentTypeOf(request, body), clientContext: JSON.stringify({ custom: { http } }) };
}

function contentTypeOf({ headers }: Pick<IncomingMessage, 'headers'>, body: Buffer): string | undefined {
  if (body.length === 0) return undefined;
  const { 'content-type': type = 'application/octet-stream', 'content-encoding': coding = 'identity' } = headers;
  // Packed JSON is no JSON yet.
  return coding.toLowerCase() === 'identity' ? type : 'application/octet-stream';
}

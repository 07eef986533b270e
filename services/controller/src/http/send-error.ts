import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '@easyfaas/contracts/wire';
import { errorEnvelope, type ServiceError } from '@easyfaas/service-kit';
import { REQUEST_ID_HEADER } from './request-context';

/**
 * How much of a refused body is read and thrown away, and for how long, before the connection is cut. Cutting at once would
 * make the kernel send a reset, which can overtake the answer: the client would see a broken pipe instead of our words.
 */
const LINGER_BYTES = 16 * 1024 * 1024;
export const LINGER_MS = 1000;
/** A rest of this size costs less to read than a new connection. */
export const KEEP_ALIVE_BYTES = 64 * 1024;

/** After these the connection ends: where the next request would begin is better not guessed, or too far away. */
const CLOSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BAD_REQUEST',
  'REQUEST_TIMEOUT',
  'PAYLOAD_TOO_LARGE',
  'PACKAGE_TOO_LARGE',
  'HEADERS_TOO_LARGE',
  'EXPECTATION_FAILED',
]);

export interface ErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** The connection is closed afterwards. */
  isLast: boolean;
}

/** The error envelope. */
export function errorAnswer(error: ServiceError, requestId: string): ErrorAnswer {
  return {
    status: error.status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      [REQUEST_ID_HEADER]: requestId,
      ...(error.code === 'UNAUTHORIZED' ? { 'WWW-Authenticate': 'Bearer' } : {}),
      ...error.headers,
    },
    body: Buffer.from(JSON.stringify(errorEnvelope(error, requestId))),
    isLast: CLOSING.has(error.code),
  };
}

/** Answers with the error envelope. When much of the request's body is still on its way, the connection is closed afterwards. */
export function sendError(response: ServerResponse, error: ServiceError, requestId: string): void {
  const { status, headers, body, isLast } = errorAnswer(error, requestId);
  sendBody(response, status, body, headers, isLast);
}

/** Refuses with this body. @param isLast closes the connection in any case */
export function sendBody(response: ServerResponse, status: number, body: Buffer, headers: Record<string, string>, isLast = false): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const request = response.req;
  const mustClose = isLast || (!request.complete && mayBeLong(request));
  response.writeHead(status, { 'Content-Length': body.length, ...(mustClose ? { Connection: 'close' } : {}), ...headers });
  if (mustClose && !request.complete) {
    endAfterBody(response, body);
    return;
  }
  // Nobody reads the rest any more; unread, it would block the next request on this connection.
  request.resume();
  response.end(body);
}

function mayBeLong({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > KEEP_ALIVE_BYTES;
}

function endAfterBody(response: ServerResponse, body: Buffer): void {
  const request = response.req;
  // A HEAD answer has no body of its own.
  if (request.method === 'HEAD') response.flushHeaders();
  else response.write(body);
  let discardedBytes = 0;
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    request.off('data', onData);
    response.end();
  };
  const onData = (chunk: Buffer): void => {
    discardedBytes += chunk.length;
    if (discardedBytes > LINGER_BYTES) finish();
  };
  const timer = setTimeout(finish, LINGER_MS);
  request.on('data', onData);
  request.once('end', finish);
  request.once('close', finish);
  request.once('error', finish);
}

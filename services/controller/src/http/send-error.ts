import type { ServerResponse } from 'node:http';
import type { ErrorCode } from '@easyfaas/contracts/wire';
import { errorEnvelope, type ServiceError } from '@easyfaas/service-kit';
import { REQUEST_ID_HEADER } from './request-context';

/**
 * How much of a refused body is read and thrown away, and for how long, before the connection is cut. Cutting at once would
 * make the kernel send a reset, which can overtake the answer: the client would see a broken pipe instead of our words.
 */
const LINGER_BYTES = 16 * 1024 * 1024;
const LINGER_MS = 1000;

/** What was wrong with the HTTP itself: where the next request would begin is better not guessed. */
const CLOSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['BAD_REQUEST', 'REQUEST_TIMEOUT', 'HEADERS_TOO_LARGE', 'EXPECTATION_FAILED']);

/** Answers with the error envelope. When the request's body is still on its way, the connection is closed afterwards. */
export function sendError(response: ServerResponse, error: ServiceError, requestId: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify(errorEnvelope(error, requestId)));
  const isBodyOnItsWay = !response.req.complete;
  const mustClose = isBodyOnItsWay || CLOSING.has(error.code);
  response.writeHead(error.status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': body.length,
    [REQUEST_ID_HEADER]: requestId,
    ...(error.code === 'UNAUTHORIZED' ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(mustClose ? { Connection: 'close' } : {}),
    ...error.headers,
  });
  if (!isBodyOnItsWay) response.end(body);
  else endAfterBody(response, body);
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

import type { IncomingMessage } from 'node:http';
import { ServiceError } from '@easyfaas/service-kit';

const EMPTY = Buffer.alloc(0);

/** What is said of the body in the headers. */
export interface BodyFacts {
  /** -1 when absent. */
  contentLength: number;
  isChunked: boolean;
}

/**
 * Collects a request's body as bytes. A length over the limit is refused before anything is read; a chunked body is counted.
 * @param done called once: with the body, an error to answer with, or undefined when the client went away
 */
export function readBody(
  request: IncomingMessage,
  { contentLength, isChunked }: BodyFacts,
  limitBytes: number,
  done: (body: Buffer | ServiceError | undefined) => void,
): void {
  if (contentLength > limitBytes) return done(tooLarge(limitBytes));
  // RFC 9112, 6.3: without either header a request has no body.
  if (!isChunked && contentLength <= 0) return done(EMPTY);
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let bytes = 0;
  let isDone = false;
  const finish = (outcome: Buffer | ServiceError | undefined): void => {
    if (isDone) return;
    isDone = true;
    done(outcome);
  };
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > limitBytes) {
      request.off('data', onData);
      return finish(tooLarge(limitBytes));
    }
    if (first === undefined) first = chunk;
    else (more ??= [first]).push(chunk);
  };
  request.on('data', onData);
  request.on('end', () => finish(more === undefined ? (first ?? EMPTY) : Buffer.concat(more, bytes)));
  request.on('close', () => finish(undefined));
}

function tooLarge(limitBytes: number): ServiceError {
  return new ServiceError('PAYLOAD_TOO_LARGE', `The payload is over ${limitBytes} bytes, the limit of a synchronous call.`, {
    details: { limitBytes },
  });
}

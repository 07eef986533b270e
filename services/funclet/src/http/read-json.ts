import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { SchemaError, parse } from '@easyfaas/contracts/schemas';
import { ServiceError } from '@easyfaas/service-kit';

type Schema<T> = Parameters<typeof parse<T>>[0];

const BODY_BYTES_MAX = 64 * 1024;

/**
 * Checks a request's body.
 * @param isRight a quicker check for bodies that a call waits for: what passes is not put to the schema
 * @throws ServiceError INVALID_JSON, VALIDATION_FAILED
 */
export function readJson<T>(body: Buffer, schema: Schema<T>, isRight?: (value: unknown) => value is T): T {
  let value: unknown;
  try {
    if (!isUtf8(body)) throw new Error('not UTF-8');
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new ServiceError('INVALID_JSON', 'The body is not JSON in UTF-8.', { cause });
  }
  if (isRight?.(value) === true) return value;
  try {
    return parse(schema, value);
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause;
    throw new ServiceError('VALIDATION_FAILED', `${cause.message}.`, { cause, details: { field: cause.path } });
  }
}

/** @throws ServiceError PAYLOAD_TOO_LARGE */
export function assertBodyLength(bytes: number): void {
  if (bytes > BODY_BYTES_MAX) throw tooLarge();
}

/** @throws ServiceError PAYLOAD_TOO_LARGE, BAD_REQUEST */
export function collectBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
      else reject(tooLarge());
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new ServiceError('BAD_REQUEST', 'The connection was closed before the body was complete.')));
  });
}

function tooLarge(): ServiceError {
  return new ServiceError('PAYLOAD_TOO_LARGE', `The body has over ${BODY_BYTES_MAX} bytes, which is the limit.`);
}

import type { IncomingMessage } from 'node:http';
import { SchemaError, parse } from '@easyfaas/contracts/schemas';
import { ServiceError } from '@easyfaas/service-kit';

type Schema<T> = Parameters<typeof parse<T>>[0];

const BODY_BYTES_MAX = 64 * 1024;

/**
 * Collects a request's body and checks it.
 * @param isRight a quicker check for bodies that a call waits for: what passes is not put to the schema
 * @throws ServiceError PAYLOAD_TOO_LARGE, INVALID_JSON, VALIDATION_FAILED
 */
export async function readJson<T>(request: IncomingMessage, schema: Schema<T>, isRight?: (value: unknown) => value is T): Promise<T> {
  const bytes = await collect(request);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
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

function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX)
        reject(new ServiceError('PAYLOAD_TOO_LARGE', `The body has over ${BODY_BYTES_MAX} bytes, which is the limit.`));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new ServiceError('BAD_REQUEST', 'The connection was closed before the body was complete.')));
  });
}

import type { IncomingMessage } from 'node:http';
import { SchemaError, parse } from '@easyfaas/contracts/schemas';
import { ServiceError } from '@easyfaas/service-kit';
import { invalidField } from '../invalid-field';
import { heldBody } from './request-context';
import { parseStrictJson } from './strict-json';

type Schema<T> = Parameters<typeof parse<T>>[0];

/** The type without parameters, lower case; empty when the header is missing. @throws ServiceError UNSUPPORTED_MEDIA_TYPE */
export function mediaTypeOf({ headers }: IncomingMessage): string {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset === undefined || /^"?utf-?8"?$/.test(charset)) return type;
  throw unsupported('Only the charset utf-8 is understood.');
}

/** @throws ServiceError UNSUPPORTED_MEDIA_TYPE for a compressed body: it could unpack to any size */
export function assertIdentity({ headers }: IncomingMessage): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw unsupported('A Content-Encoding other than identity is not accepted; send the body as it is.');
}

/**
 * Refuses by the announced length, before a byte of the body is read.
 * @throws ServiceError PAYLOAD_TOO_LARGE or the code given
 */
export function assertLength({ headers }: IncomingMessage, limitBytes: number, code: 'PAYLOAD_TOO_LARGE' | 'PACKAGE_TOO_LARGE'): void {
  const announcedBytes = Number(headers['content-length'] ?? 0);
  if (announcedBytes > limitBytes) throw new ServiceError(code, `The body has ${announcedBytes} bytes, the limit is ${limitBytes}.`);
}

/** @throws ServiceError PAYLOAD_TOO_LARGE, BAD_REQUEST (cut off), UNSUPPORTED_MEDIA_TYPE */
export async function readBytes(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  assertIdentity(request);
  assertLength(request, limitBytes, 'PAYLOAD_TOO_LARGE');
  const held = heldBody(request);
  if (held !== undefined) return withinLimit(held, limitBytes);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(request)) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw tooLong(limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function withinLimit(body: Buffer, limitBytes: number): Buffer {
  if (body.length > limitBytes) throw tooLong(limitBytes);
  return body;
}

function tooLong(limitBytes: number): ServiceError {
  return new ServiceError('PAYLOAD_TOO_LARGE', `The body is over ${limitBytes} bytes, the limit.`);
}

/**
 * The body's chunks. The request is not destroyed when reading stops early: the answer must still get out.
 * @throws ServiceError BAD_REQUEST when the client goes away in the middle
 */
export async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch (cause) {
    throw new ServiceError('BAD_REQUEST', 'The body ended before its announced length.', { cause });
  }
}

/** @throws ServiceError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_JSON, VALIDATION_FAILED, FORBIDDEN_KEY */
export async function readJson(request: IncomingMessage, limitBytes: number): Promise<Record<string, unknown>> {
  if (mediaTypeOf(request) !== 'application/json') throw unsupported('The Content-Type must be application/json.');
  return parseStrictJson(await readBytes(request, limitBytes));
}

/** Members may be long texts of a user: what is shown of them has an end. */
const SHOWN_CHARACTERS = 300;

/**
 * @param isRight a quicker check: what passes is not put to the schema
 * @throws ServiceError VALIDATION_FAILED naming the member
 */
export function checked<T>(schema: Schema<T>, value: unknown, isRight?: (value: unknown) => value is T): T {
  if (isRight?.(value) === true) return value;
  try {
    return parse(schema, value);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw invalidField(error.path.slice(0, SHOWN_CHARACTERS), `${error.message.slice(0, SHOWN_CHARACTERS)}.`);
  }
}

export function unsupported(message: string): ServiceError {
  return new ServiceError('UNSUPPORTED_MEDIA_TYPE', message);
}

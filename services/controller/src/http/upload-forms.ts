import type { IncomingMessage } from 'node:http';
import { LIMITS } from '@easyfaas/contracts/wire';
import type { Upload } from '../functions/package-store';
import { invalidField } from '../invalid-field';
import { assertIdentity, assertLength, chunksOf } from './body';

export const ZIP_TYPES: readonly string[] = ['application/zip', 'application/x-zip-compressed'];

/** The body is the zip. @throws ServiceError UNSUPPORTED_MEDIA_TYPE, PACKAGE_TOO_LARGE */
export function zipUpload(request: IncomingMessage): Upload {
  assertIdentity(request);
  assertLength(request, LIMITS.packageBytes, 'PACKAGE_TOO_LARGE');
  return { bytes: chunksOf(request) };
}

/** @param field that the text came in @throws ServiceError VALIDATION_FAILED */
export function base64Upload(text: string, sha256: string | undefined, field: string): Upload {
  const bytes = Buffer.from(text, 'base64');
  // The decoder skips what it does not know: only a text of base64 alone gives the full length.
  const digits = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
  if (bytes.length !== Math.floor((digits * 3) / 4)) throw invalidField(field, `${field} is not base64.`);
  return { bytes: once(bytes), ...(sha256 === undefined ? {} : { sha256 }) };
}

export async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

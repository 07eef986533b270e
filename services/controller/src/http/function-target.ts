import type { Request } from 'express';
import { FUNCTION_NAME, LATEST, functionNotFound, resolveReference, type ResolvedFunction } from '../functions/function-name';
import { invalidField } from '../invalid-field';
import { pathParameter } from './mount-route';
import { principalOf } from './request-context';

/** A function of the caller's account, with the qualifier that the path or the query named. */
export type FunctionTarget = ResolvedFunction & { accountId: string };

/** @throws ServiceError INVALID_NAME, FUNCTION_NOT_FOUND (another account's), VALIDATION_FAILED (qualifier) */
export function functionTarget(request: Request, region: string, qualifier?: string): FunctionTarget {
  const { accountId } = principalOf(request);
  return { accountId, ...resolveReference(pathParameter(request, 'id'), { accountId, region }, qualifier) };
}

/** For what concerns the function itself and no version of it. @throws also ServiceError FUNCTION_NOT_FOUND for any other qualifier */
export function unqualifiedTarget(request: Request, region: string): FunctionTarget {
  const target = functionTarget(request, region);
  if (target.qualifier !== LATEST) throw functionNotFound(target.functionName, target.qualifier);
  return target;
}

/** `If-Match` (RFC 9110: a quoted tag, or `*` for any) or the body's RevisionId. */
export function expectedRevision(request: Request, inBody?: string): string | undefined {
  const header = request.headers['if-match']?.trim();
  if (header === undefined || header === '*') return inBody;
  const tag = /^(?:W\/)?"?([^",]{1,64})"?$/.exec(header)?.[1];
  if (tag === undefined) throw invalidField('If-Match', 'If-Match must be one RevisionId in quotes, or *.');
  if (inBody !== undefined && inBody !== tag) throw invalidField('RevisionId', 'RevisionId and If-Match differ; give one of them.');
  return tag;
}

/** Names and numbers after which a page starts; opaque to callers, so that what a page starts with can change. */
export function formatMarker(after: string | number): string {
  return Buffer.from(`${typeof after === 'number' ? 'number' : 'name'}:${after}`).toString('base64url');
}

/** @throws ServiceError VALIDATION_FAILED when it was not given out */
export function parseNameMarker(marker: string): string {
  const name = readMarker(marker, 'name');
  if (name !== undefined && FUNCTION_NAME.test(name)) return name;
  throw notAMarker();
}

/** @throws ServiceError VALIDATION_FAILED when it was not given out */
export function parseNumberMarker(marker: string): number {
  const number = readMarker(marker, 'number');
  if (number !== undefined && /^\d{1,10}$/.test(number)) return Number(number);
  throw notAMarker();
}

function readMarker(marker: string, kind: 'name' | 'number'): string | undefined {
  const text = Buffer.from(marker.slice(0, 256), 'base64url').toString();
  return text.startsWith(`${kind}:`) ? text.slice(kind.length + 1) : undefined;
}

function notAMarker(): Error {
  return invalidField('marker', 'marker must be the NextMarker of an earlier page.');
}

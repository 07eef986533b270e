import type { Request } from 'express';
import { formatMarker } from '../function-target';
import { LambdaError } from './lambda-error';

/** AWS takes up to 10 000 and gives out 50 at most. */
const ASKED_MAX = 10_000;
const PAGE_MAX = 50;

/** `MaxItems` of the query. @throws LambdaError */
export function lambdaPageLimit(request: Request): number {
  const text = single(request, 'MaxItems');
  if (text === undefined) return PAGE_MAX;
  const wanted = Number(text);
  if (/^\d{1,6}$/.test(text) && wanted >= 1 && wanted <= ASKED_MAX) return Math.min(wanted, PAGE_MAX);
  throw new LambdaError(
    'ValidationException',
    `1 validation error detected: Value '${text.slice(0, 16)}' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and ${ASKED_MAX}`,
  );
}

/** `Marker` of the query; absent, and when it is empty, the first page is meant. */
export function lambdaMarker(request: Request): string | undefined {
  const text = single(request, 'Marker');
  return text === '' ? undefined : text;
}

/** What a list of everything gives of one page. @param keyOf names of the entries, in their order */
export function lambdaPage<T>(all: readonly T[], request: Request, keyOf: (entry: T) => string): { page: T[]; NextMarker?: string } {
  const marker = lambdaMarker(request);
  const startAt = marker === undefined ? 0 : all.findIndex((entry) => formatMarker(keyOf(entry)) === marker) + 1;
  const page = all.slice(startAt, startAt + lambdaPageLimit(request));
  const last = page.at(-1);
  const hasMore = startAt + page.length < all.length;
  return { page, ...(hasMore && last !== undefined ? { NextMarker: formatMarker(keyOf(last)) } : {}) };
}

/** One value of a parameter. @throws LambdaError when it is given twice */
export function single(request: Request, name: string): string | undefined {
  const value = request.query[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new LambdaError('InvalidParameterValueException', `The query parameter ${name} is given more than once.`);
}

import { ServiceError } from '@easyfaas/service-kit';
import {
  FUNCTION_NAME,
  type FunctionOwner,
  type ResolvedFunction,
  functionNotFound,
  resolveReference,
} from '../../functions/function-name';

/** The only namespace: an account has one. */
export const NAMESPACE = 'openfaas-fn';

/**
 * A function as OpenFaaS's clients name it, `name` or `name.openfaas-fn`; here also `name:alias`.
 * @param text percent-decoded
 * @throws ServiceError INVALID_NAME, FUNCTION_NOT_FOUND (another namespace)
 */
export function resolveOpenfaasName(text: string, owner: FunctionOwner, namespace = ''): ResolvedFunction {
  const [, name = text, suffix] = /^([^.]+)\.(.+)$/.exec(text) ?? [];
  for (const each of [suffix, namespace]) {
    if (each !== undefined && each !== '' && each !== NAMESPACE) throw functionNotFound(FUNCTION_NAME.test(name) ? name : '');
  }
  return resolveReference(name, owner);
}

/** What is behind the function's name in a target such as `/function/hello/a/b?x=1`. */
export interface CallPath {
  /** Percent-decoded. */
  name: string;
  /** As it came; begins with /. */
  path: string;
  /** As it came, without the question mark. */
  query: string;
}

/** @throws ServiceError ROUTE_NOT_FOUND, BAD_REQUEST */
export function parseCallPath(target: string): CallPath {
  const [, segment, path, query] = /^\/(?:async-)?function\/([^/?]+)(\/[^?]*)?(?:\?(.*))?$/.exec(target) ?? [];
  if (segment === undefined) throw new ServiceError('ROUTE_NOT_FOUND', 'The path names no function: /function/<name>.');
  try {
    return { name: decodeURIComponent(segment), path: path ?? '/', query: query ?? '' };
  } catch (cause) {
    throw new ServiceError('BAD_REQUEST', 'The path has a broken percent-encoding.', { cause });
  }
}

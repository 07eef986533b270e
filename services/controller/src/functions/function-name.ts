import { ServiceError } from '@easyfaas/service-kit';
import { invalidField } from '../invalid-field';

/** What a caller's spelling of a function means. */
export interface FunctionReference {
  /** Absent when the spelling names no account: then the caller's own is meant. */
  accountId?: string;
  region?: string;
  functionName: string;
  /** Absent when the spelling names no version. */
  qualifier?: string;
}

export const FUNCTION_NAME = /^[A-Za-z0-9_-]{1,64}$/;
export const ACCOUNT_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** Spelling of a published version; no alias may look like one. */
export const VERSION_NUMBER = /^[1-9]\d{0,9}$/;
export const ALIAS_NAME = /^(?!\d+$)[A-Za-z0-9_-]{1,128}$/;
const QUALIFIER = /^(\$LATEST|[A-Za-z0-9_-]{1,128})$/;
const REGION = /^[a-z0-9-]{1,32}$/;
export const LATEST = '$LATEST';

/**
 * Understands `name`, `name:qualifier`, `account:name[:qualifier]`, `account:function:name[:qualifier]` and a whole
 * `brn:cloud:faas:<region>:<account>:function:<name>[:<qualifier>]`. Of two parts the first is the account only when it is
 * the caller's own.
 * @param text already percent-decoded
 * @throws ServiceError INVALID_NAME
 */
export function parseFunctionReference(text: string, callersAccountId: string): FunctionReference {
  if (FUNCTION_NAME.test(text)) return { functionName: text };
  const parts = text.split(':');
  if (parts[0] === 'brn') return parseBrn(parts, text);
  if (parts[1] === 'function' && (parts.length === 3 || parts.length === 4)) {
    return reference({ accountId: parts[0], functionName: parts[2], qualifier: parts[3] }, text);
  }
  const isQualified = parts.length === 2 && (parts[1] === LATEST || parts[0] !== callersAccountId);
  if (isQualified) return reference({ functionName: parts[0], qualifier: parts[1] }, text);
  if (parts.length === 2 || parts.length === 3) {
    return reference({ accountId: parts[0], functionName: parts[1], qualifier: parts[2] }, text);
  }
  throw invalidName(text);
}

/**
 * Reads the `{id}` of a path as it came, percent-encoded; see {@link resolveReference}.
 * @throws also ServiceError BAD_REQUEST (broken encoding)
 */
export function resolveFunction(segment: string, owner: FunctionOwner, qualifier?: string): ResolvedFunction {
  // The usual case: a bare name, nothing to decode or to split.
  return resolveReference(FUNCTION_NAME.test(segment) ? segment : decodeSegment(segment), owner, qualifier);
}

export interface FunctionOwner {
  accountId: string;
  region: string;
}

export interface ResolvedFunction {
  functionName: string;
  qualifier: string;
}

/**
 * The function that a caller means. The hot path and the routes must both read names through here.
 * @param text percent-decoded, exactly once
 * @param qualifier the `Qualifier` of the query; empty when absent
 * @throws ServiceError INVALID_NAME, FUNCTION_NOT_FOUND (another account, another region), VALIDATION_FAILED (qualifier)
 */
export function resolveReference(text: string, owner: FunctionOwner, qualifier = ''): ResolvedFunction {
  const reference = parseFunctionReference(text, owner.accountId);
  if (qualifier !== '' && !QUALIFIER.test(qualifier)) {
    throw invalidField('Qualifier', 'Qualifier must be $LATEST, a version number or an alias name.');
  }
  if (qualifier !== '' && reference.qualifier !== undefined && qualifier !== reference.qualifier) {
    throw invalidField('Qualifier', 'Qualifier differs from the version in the function name; give one of them.');
  }
  const isForeign =
    (reference.accountId !== undefined && reference.accountId !== owner.accountId) ||
    (reference.region !== undefined && reference.region !== owner.region);
  // The same words as for a function that does not exist: other accounts' names are none of the caller's business.
  if (isForeign) throw functionNotFound(reference.functionName);
  return { functionName: reference.functionName, qualifier: qualifier !== '' ? qualifier : (reference.qualifier ?? LATEST) };
}

export function functionNotFound(functionName: string, qualifier: string = LATEST): ServiceError {
  if (qualifier === LATEST) return new ServiceError('FUNCTION_NOT_FOUND', `No function "${functionName}" in this account.`);
  return new ServiceError('FUNCTION_NOT_FOUND', `The function "${functionName}" has no version or alias "${qualifier}".`);
}

/** @throws ServiceError INVALID_NAME */
export function assertFunctionName(text: string): void {
  if (!FUNCTION_NAME.test(text)) throw invalidName(text);
}

/** @param qualifier a version or an alias */
export function functionArn(
  { region, accountId }: { region: string; accountId: string },
  functionName: string,
  qualifier?: string,
): string {
  const arn = `brn:cloud:faas:${region}:${accountId}:function:${functionName}`;
  return qualifier === undefined ? arn : `${arn}:${qualifier}`;
}

function parseBrn(parts: string[], text: string): FunctionReference {
  const [, cloud, faas, region, accountId, kind, functionName, qualifier, ...rest] = parts;
  if (cloud !== 'cloud' || faas !== 'faas' || kind !== 'function' || rest.length > 0) throw invalidName(text);
  if (region === undefined || !REGION.test(region)) throw invalidName(text);
  return { ...reference({ accountId, functionName, qualifier }, text), region };
}

function reference(
  parts: { accountId?: string | undefined; functionName: string | undefined; qualifier?: string | undefined },
  text: string,
): FunctionReference {
  const { accountId, functionName, qualifier } = parts;
  if (functionName === undefined || !FUNCTION_NAME.test(functionName)) throw invalidName(text);
  if (accountId !== undefined && !ACCOUNT_ID.test(accountId)) throw invalidName(text);
  if (qualifier !== undefined && !QUALIFIER.test(qualifier)) throw invalidName(text);
  return {
    functionName,
    ...(accountId === undefined ? {} : { accountId }),
    ...(qualifier === undefined ? {} : { qualifier }),
  };
}

/** @throws ServiceError BAD_REQUEST */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new ServiceError('BAD_REQUEST', 'The path has a broken percent-encoding.', { cause });
  }
}

function invalidName(text: string): ServiceError {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  return new ServiceError('INVALID_NAME', `The function name ${shown} does not match ^[A-Za-z0-9_-]{1,64}$ and is no BRN.`, {
    details: { field: 'FunctionName' },
  });
}

import { createHash } from 'node:crypto';
import { FUNCTION_NAME } from '../../functions/function-name';
import { LambdaError } from './lambda-error';

/** Whose function a name means when it does not say. */
export interface LambdaOwner {
  accountId: string;
  region: string;
}

export interface LambdaName {
  functionName: string;
  /** `$LATEST`, a version or an alias; absent when neither the name nor the query says one. */
  qualifier?: string;
}

/** As AWS prints them in its answers. */
const NAME_PATTERN =
  '(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?';
const NEW_NAME_PATTERN =
  '(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?';
const QUALIFIER_PATTERN = '\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+';

const NAME =
  /^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:((?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(\d{12}):)?(?:function:)?([\w.-]+)(?::(\$LATEST(?:\.PUBLISHED)?|[\w-]+))?$/;
const QUALIFIER = /^(?:\$LATEST(?:\.PUBLISHED)?|[\w$-]+)$/;
const QUALIFIER_CHARACTERS = 128;
const NEW_TEXT_CHARACTERS = 140;
const NEW_NAME_CHARACTERS = 64;

/**
 * Understands a name, `name:qualifier`, a partial and a full ARN, as AWS Lambda does.
 * @param text percent-decoded
 * @param qualifier of the query
 * @throws LambdaError in AWS's words
 */
export function readLambdaName(text: string, owner: LambdaOwner, qualifier?: string): LambdaName {
  const problems: string[] = [];
  if (qualifier !== undefined && qualifier.length > QUALIFIER_CHARACTERS)
    problems.push(tooLong(qualifier, 'qualifier', QUALIFIER_CHARACTERS));
  else if (qualifier !== undefined && !QUALIFIER.test(qualifier)) problems.push(unmatched(qualifier, 'qualifier', QUALIFIER_PATTERN));
  const match = matchName(text, owner);
  if (match === null) problems.push(unmatched(text, 'functionName', NAME_PATTERN));
  if (match === null || problems.length > 0) throw validation(problems);
  const [, region, account, functionName = '', derived] = match;
  assertOwn(owner, region, account);
  if (derived !== undefined && qualifier !== undefined && derived !== qualifier) {
    throw new LambdaError(
      'InvalidParameterValueException',
      'The derived qualifier from the function name does not match the specified qualifier.',
    );
  }
  const given = qualifier ?? derived;
  return { functionName, ...(given === undefined ? {} : { qualifier: given }) };
}

/** The name of a function that is to be made. @throws LambdaError */
export function readNewLambdaName(text: string, owner: LambdaOwner): string {
  if (text.length > NEW_TEXT_CHARACTERS) throw validation([tooLong(text, 'functionName', NEW_TEXT_CHARACTERS)]);
  const match = matchName(text, owner);
  const [, region, account, functionName = ''] = match ?? [];
  if (match === null || functionName.includes('.')) throw validation([unmatched(text, 'functionName', NEW_NAME_PATTERN)]);
  assertOwn(owner, region, account);
  if (functionName.length > NEW_NAME_CHARACTERS) {
    const message = `1 validation error detected: ${tooLong(functionName, 'functionName', NEW_NAME_CHARACTERS)}`;
    throw new LambdaError('InvalidParameterValueException', message);
  }
  return functionName;
}

/** An ARN of this region may have a region that AWS would not have. */
function matchName(text: string, { region }: LambdaOwner): RegExpExecArray | null {
  const prefix = `arn:aws:lambda:${region}:`;
  if (!text.startsWith(prefix)) return NAME.exec(text);
  const match = NAME.exec(text.slice(prefix.length));
  return match?.[1] === undefined ? match : null;
}

function assertOwn(owner: LambdaOwner, region: string | undefined, account: string | undefined): void {
  if (region !== undefined && region !== owner.region) {
    const message = `Functions from '${region}' are not reachable in this region ('${owner.region}')`;
    throw new LambdaError('ResourceNotFoundException', message);
  }
  // Said of the number alone: whether there is such a function was not looked at.
  if (account !== undefined && account !== accountNumber(owner.accountId)) {
    throw new LambdaError('AccessDeniedException', `The account ${account} is not the one of this key.`);
  }
}

/** AWS's accounts are twelve digits. One that is none gets a number of its own, which is the same everywhere. */
export function accountNumber(accountId: string): string {
  if (/^\d{12}$/.test(accountId)) return accountId;
  if (accountId === 'default') return '0'.repeat(12);
  const digest = createHash('sha256').update(`easyfaas account number\0${accountId}`).digest();
  return String(digest.readBigUInt64BE() % 10n ** 12n).padStart(12, '0');
}

/** `arn:aws:lambda:<region>:<account>:<rest>` */
export function lambdaArn({ region, accountId }: LambdaOwner, rest: string): string {
  return `arn:aws:lambda:${region}:${accountNumber(accountId)}:${rest}`;
}

export function lambdaFunctionArn(owner: LambdaOwner, { functionName, qualifier }: LambdaName): string {
  return lambdaArn(owner, `function:${functionName}${qualifier === undefined ? '' : `:${qualifier}`}`);
}

export function lambdaFunctionNotFound(owner: LambdaOwner, name: LambdaName): LambdaError {
  return new LambdaError('ResourceNotFoundException', `Function not found: ${lambdaFunctionArn(owner, name)}`);
}

/** AWS takes longer names and ones with dots; no function has one. */
export function isPossibleName(functionName: string): boolean {
  return FUNCTION_NAME.test(functionName);
}

/** @param problems as AWS words them, each about one member */
export function validation(problems: readonly string[]): LambdaError {
  const what = problems.length === 1 ? '1 validation error' : `${problems.length} validation errors`;
  return new LambdaError('ValidationException', `${what} detected: ${problems.join('; ')}`);
}

export function unmatched(value: string, member: string, pattern: string): string {
  return `Value '${shown(value)}' at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern}`;
}

function tooLong(value: string, member: string, characters: number): string {
  return `Value '${shown(value)}' at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${characters}`;
}

/** Callers see what they sent, but no more than a screen of it. */
function shown(text: string): string {
  return text.slice(0, 512);
}

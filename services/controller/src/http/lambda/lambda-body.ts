import type { Request } from 'express';
import { readBytes } from '../body';
import { parseStrictJson } from '../strict-json';
import { LambdaError } from './lambda-error';
import { inLambdaWords } from './lambda-words';

/** Of requests without a package. */
const BODY_BYTES = 1024 * 1024;

/**
 * The JSON object of the body, whatever its type is said to be; without a body an empty one.
 * @param operation as AWS names it, for the answer to a body that is too large
 * @throws ServiceError, LambdaError
 */
export async function readLambdaBody(request: Request, operation: string, limitBytes = BODY_BYTES): Promise<Record<string, unknown>> {
  const tooLarge = (): LambdaError => {
    const message = `Request must be smaller than ${limitBytes} bytes for the ${operation} operation`;
    return new LambdaError('RequestEntityTooLargeException', message);
  };
  const bytes = await inLambdaWords(readBytes(request, limitBytes), { PAYLOAD_TOO_LARGE: tooLarge });
  return bytes.length === 0 ? {} : withoutNulls(parseStrictJson(bytes));
}

/** AWS takes a member that is null as one that is not there. */
function withoutNulls(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** @throws LambdaError */
export function optionalText(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new LambdaError('InvalidParameterValueException', `${name} must be a text.`);
}

/** A member that AWS has and that says nothing here, or what holds here anyway. */
export type Harmless = (value: unknown) => boolean;

/** @throws LambdaError naming the member: nothing is stored that is not in force */
export function refuseMembers(
  body: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, { isHarmless: Harmless; way: string }>>,
  known: readonly string[],
): void {
  for (const [name, value] of Object.entries(body)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined && !known.includes(name))
      throw new LambdaError('InvalidParameterValueException', `${name.slice(0, 64)} is not known here; leave it out.`);
    if (rule !== undefined && !rule.isHarmless(value)) {
      throw new LambdaError('InvalidParameterValueException', `${name} is not supported: ${rule.way}`);
    }
  }
}

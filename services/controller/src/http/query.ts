import type { Request } from 'express';
import { invalidField } from '../invalid-field';

/** The query of a request by name: each parameter at most once, and only known ones. */
export type Query<Name extends string> = Partial<Record<Name, string>>;

/** @throws ServiceError VALIDATION_FAILED naming the parameter that is unknown or given twice */
export function readQuery<Name extends string>(request: Request, allowed: readonly Name[]): Query<Name> {
  const query: Query<Name> = {};
  for (const [name, value] of Object.entries(request.query)) {
    const known = allowed.find((each) => each === name);
    if (known === undefined) {
      const takes = allowed.length === 0 ? 'this route takes none' : `allowed are ${allowed.join(', ')}`;
      throw invalidField(shown(name), `The query parameter "${shown(name)}" is unknown; ${takes}.`);
    }
    if (typeof value !== 'string') throw invalidField(name, `The query parameter ${name} is given more than once.`);
    query[known] = value;
  }
  return query;
}

/**
 * A whole number written in digits only: no sign, no exponent, no blank.
 * @throws ServiceError VALIDATION_FAILED
 */
export function readInteger(name: string, text: string, range: { min: number; max: number }): number {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= range.min && value <= range.max) return value;
  throw invalidField(name, `${name} must be a whole number from ${range.min} to ${range.max}.`);
}

function shown(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
}

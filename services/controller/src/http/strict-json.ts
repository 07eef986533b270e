import { ServiceError } from '@easyfaas/service-kit';
import { invalidField } from '../invalid-field';

/** A configuration is 4 levels deep and has a few hundred members; what is beyond is refused before anything is built. */
const MAX_DEPTH = 16;
const MAX_MEMBERS = 10_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;

const SHOWN_KEYS = 4;
const SHOWN_KEY_BYTES = 64;

const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype'];

/**
 * Parses a control request's body: valid UTF-8, one JSON object, of bounded depth and size, without keys that could reach a
 * prototype. Of duplicate keys the last one counts, as in every JSON parser.
 * @throws ServiceError INVALID_JSON, VALIDATION_FAILED, FORBIDDEN_KEY
 */
export function parseStrictJson(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) throw new ServiceError('INVALID_JSON', 'The body is empty; a JSON object is needed.');
  checkShape(bytes);
  const value = parseJson(decodeUtf8(bytes));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidField('', 'The body must be a JSON object.');
  }
  checkKeys(value);
  return value as Record<string, unknown>;
}

/** One walk over the bytes; strings are skipped by a native search, so a large base64 text costs next to nothing. */
function checkShape(bytes: Buffer): void {
  let depth = 0;
  let members = 0;
  let lastString: Range = { start: 0, end: 0 };
  /** The key under which each level was opened, to name the member that is too much. */
  const keys: Range[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at] as number) {
      case QUOTE: {
        const end = endOfString(bytes, at);
        lastString = { start: at + 1, end };
        at = end;
        break;
      }
      case COLON:
        keys[depth] = lastString;
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth += 1;
        if (depth > MAX_DEPTH) throw tooMuch(bytes, keys, `is nested deeper than ${MAX_DEPTH} levels, the limit`);
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth -= 1;
        keys.length = Math.max(0, Math.min(keys.length, depth + 1));
        break;
      case COMMA:
        members += 1;
        if (members > MAX_MEMBERS) throw tooMuch(bytes, keys.slice(0, depth), `has more than ${MAX_MEMBERS} members, the limit for a body`);
        break;
    }
  }
}

interface Range {
  start: number;
  end: number;
}

function tooMuch(bytes: Buffer, keys: readonly (Range | undefined)[], what: string): ServiceError {
  const shown = keys.filter((key) => key !== undefined).slice(0, SHOWN_KEYS);
  const path = shown.map(({ start, end }) => bytes.toString('utf8', start, Math.min(end, start + SHOWN_KEY_BYTES))).join('.');
  return invalidField(path, `${path === '' ? 'The JSON body' : path} ${what}.`);
}

/** @returns the place of the closing quote, or the end when there is none: the parser will complain */
function endOfString(bytes: Buffer, start: number): number {
  let end = start;
  for (;;) {
    end = bytes.indexOf(QUOTE, end + 1);
    if (end === -1) return bytes.length;
    let backslashes = 0;
    while (bytes[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ServiceError('INVALID_JSON', 'The body is not valid UTF-8.', { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    // The parser's own words repeat parts of the body.
    throw new ServiceError('INVALID_JSON', 'The body is not valid JSON.', { cause });
  }
}

function checkKeys(value: object): void {
  for (const [key, member] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.includes(key))
      throw new ServiceError('FORBIDDEN_KEY', `The key "${key}" is not allowed anywhere in a body; rename it.`);
    if (typeof member === 'object' && member !== null) checkKeys(member as object);
  }
}

import { isNamed } from '../http/is-named';
import type { InvocationHead } from '../invoke/invocation-head';

/** Request line and headers. */
export interface PlainHead {
  /** Up to and with the empty line. */
  readonly text: string;
  /** The target of the request line, as sent. */
  readonly url: string;
  /** Name, value, name, value, as sent. */
  readonly rawHeaders: readonly string[];
  readonly bodyBytes: number;
  /** What it says of an invocation, once that was read. */
  invocation?: InvocationHead;
}

/** A longer head is for Node's parser, which knows the limit. */
const HEAD_BYTES_MAX = 4096;
const START = 'POST /';
const VERSION = ' HTTP/1.1\r\n';
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

/** RFC 9110, 5.6.2: what names of headers are made of. */
const NAME_BYTES = byteSet("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
/** Printable without the space. */
const TARGET_BYTES = byteSet(Array.from({ length: 0x5e }, (_, at) => String.fromCharCode(0x21 + at)).join(''));

/**
 * Reads the head of a request that leaves nothing to interpretation, and leaves every other one alone: a POST of which at least the head, and
 * nothing behind the body, has come, in the plainest form of RFC 9112. One space behind a colon or none; printable ASCII; no
 * folded lines; its length in one plain `Content-Length`; no transfer coding, no expectation, no upgrade, no wish to close.
 * What is accepted here means the same to Node's parser (a test asks it).
 * @param count bytes that have come; the rest of `memory` is not looked at
 * @param last a head that was read before: most clients send the same one again and again, and it need not be read twice
 * @returns undefined when it takes a real parser to say what the bytes are
 */
export function readPlainHead(memory: Buffer, count: number, last?: PlainHead): PlainHead | undefined {
  const text = memory.toString('latin1', 0, Math.min(count, HEAD_BYTES_MAX));
  const head = last !== undefined && text.startsWith(last.text) ? last : readHead(text);
  return head === undefined || count > head.text.length + head.bodyBytes ? undefined : head;
}

function readHead(text: string): PlainHead | undefined {
  if (!text.startsWith(START)) return undefined;
  let at = skip(text, START.length, TARGET_BYTES);
  if (!text.startsWith(VERSION, at)) return undefined;
  const url = text.slice(START.length - 1, at);
  const rawHeaders: string[] = [];
  let bodyBytes = -1;
  at += VERSION.length;
  while (text.charCodeAt(at) !== CR) {
    const nameAt = at;
    at = skip(text, at, NAME_BYTES);
    if (at === nameAt || text.charCodeAt(at) !== COLON) return undefined;
    const name = text.slice(nameAt, at);
    at += text.charCodeAt(at + 1) === SPACE ? 2 : 1;
    const valueAt = at;
    at = endOfValue(text, at);
    if (at === -1) return undefined;
    const value = text.slice(valueAt, at);
    at += 2;
    const length = framing(name, value);
    if (length === NOT_PLAIN || (length !== NO_LENGTH && bodyBytes !== -1)) return undefined;
    if (length !== NO_LENGTH) bodyBytes = length;
    rawHeaders.push(name, value);
  }
  if (!text.startsWith('\r\n', at)) return undefined;
  return { text: text.slice(0, at + 2), url, rawHeaders, bodyBytes: Math.max(bodyBytes, 0) };
}

function byteSet(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const character of characters) set[character.charCodeAt(0)] = 1;
  return set;
}

/** @returns where the first character is that is not in the set, the end of the text included */
function skip(text: string, from: number, set: Uint8Array): number {
  let at = from;
  while (set[text.charCodeAt(at)] === 1) at++;
  return at;
}

/** Printable ASCII with spaces inside, up to CR LF. @returns where that is; -1 for anything else */
function endOfValue(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    // NaN behind the end: neither comparison holds.
    if (!(code >= SPACE && code <= 0x7e)) break;
    at++;
  }
  const isTrimmed = at > from && text.charCodeAt(from) !== SPACE && text.charCodeAt(at - 1) !== SPACE;
  return isTrimmed && text.startsWith('\r\n', at) ? at : -1;
}

const NO_LENGTH = -1;
const NOT_PLAIN = -2;
/** Up to 9 999 999, over every limit of a payload. */
const PLAIN_LENGTH = /^(?:0|[1-9]\d{0,6})$/;

/** What a header says of where the request ends and what becomes of its connection. @returns the body's length; or NO_LENGTH, NOT_PLAIN */
function framing(name: string, value: string): number {
  switch (name.length) {
    case 6:
      return isNamed(name, 'expect') ? NOT_PLAIN : NO_LENGTH;
    case 7:
      return isNamed(name, 'upgrade') || isNamed(name, 'trailer') ? NOT_PLAIN : NO_LENGTH;
    case 10:
      return isNamed(name, 'connection') && value.toLowerCase() !== 'keep-alive' ? NOT_PLAIN : NO_LENGTH;
    case 14:
      if (!isNamed(name, 'content-length')) return NO_LENGTH;
      return PLAIN_LENGTH.test(value) ? Number(value) : NOT_PLAIN;
    case 16:
      return isNamed(name, 'proxy-connection') ? NOT_PLAIN : NO_LENGTH;
    case 17:
      return isNamed(name, 'transfer-encoding') ? NOT_PLAIN : NO_LENGTH;
    default:
      return NO_LENGTH;
  }
}

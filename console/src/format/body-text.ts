import { bytes } from './figures';

/** What of a body can be shown as text. */
export interface BodyText {
  text: string;
  /** What the text is not the whole of, or not literally; absent when it is all of it. */
  note?: string;
}

/** More of it makes the page slow, and nobody reads it there. */
export const SHOWN_BYTES = 64 * 1024;
const HEX_BYTES = 256;
const HEX_PER_LINE = 16;

/** Text as text, JSON in lines, bytes that are no text as hex; long ones cut, and said so. */
export function bodyText(body: Uint8Array, contentType = ''): BodyText {
  if (body.length === 0) return { text: '', note: 'Empty.' };
  const isCut = body.length > SHOWN_BYTES;
  const text = decoded(isCut ? body.subarray(0, SHOWN_BYTES) : body, isCut);
  if (text === undefined) return { text: hex(body.subarray(0, HEX_BYTES)), note: binaryNote(body.length) };
  if (isCut) return { text, note: `The first ${bytes(SHOWN_BYTES)} of ${bytes(body.length)}.` };
  return { text: /\bjson\b/i.test(contentType) ? indented(text) : text };
}

/** A value of a record: JSON as it was parsed. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
}

function decoded(body: Uint8Array, mayEndWithin: boolean): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body, { stream: mayEndWithin });
    return text.includes('\u0000') ? undefined : text;
  } catch (error) {
    // Of another realm's making it is no instance of ours.
    if ((error as Error).name === 'TypeError') return undefined;
    throw error;
  }
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function hex(body: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < body.length; at += HEX_PER_LINE) {
    const row = [...body.subarray(at, at + HEX_PER_LINE)];
    const codes = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const letters = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${codes.padEnd(HEX_PER_LINE * 3 - 1)}  ${letters}`);
  }
  return lines.join('\n');
}

function binaryNote(length: number): string {
  const what = `${bytes(length)} that are no text`;
  return length > HEX_BYTES ? `${what}; the first ${bytes(HEX_BYTES)} of them.` : `${what}.`;
}

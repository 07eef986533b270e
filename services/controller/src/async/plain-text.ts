import { isUtf8 } from 'node:buffer';

/** Longer ones are copied less as bytes than as text. */
const TEXT_BYTES = 4096;

/** The same bytes as text, when they are a short one: a command that holds nothing else is put together many times faster. */
export function plainText(bytes: Buffer): Buffer | string {
  return bytes.length <= TEXT_BYTES && isUtf8(bytes) ? bytes.toString('utf8') : bytes;
}

import { SOURCE_MESSAGE_FORMATS, type SourceMessageFormat } from '@easyfaas/contracts/wire';
import { readStructuredEvent } from '../sources/cloudevents/cloudevent-reader';

/** A message of a queue, a stream or a broker as a value. */
export type ReadMessage = { kind: 'value'; value: unknown; isBinary: boolean } | { kind: 'unreadable'; reason: string };

export const DEFAULT_FORMAT: SourceMessageFormat = SOURCE_MESSAGE_FORMATS[0];

/**
 * Reads the bytes of a message as its trigger says: `json` (anything else is refused), `text` (UTF-8), `binary` (base64) or
 * `cloudevents` (the JSON format). Pure.
 */
export function readMessage(format: SourceMessageFormat, bytes: Buffer): ReadMessage {
  if (format === 'binary') return { kind: 'value', value: bytes.toString('base64'), isBinary: true };
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) return unreadable('The message is not UTF-8; the format "binary" takes any bytes.');
  if (format === 'text') return { kind: 'value', value: text, isBinary: false };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable('The message is not JSON; the formats "text" and "binary" take anything.');
  }
  if (format === 'json') return { kind: 'value', value, isBinary: false };
  try {
    return { kind: 'value', value: readStructuredEvent(value), isBinary: false };
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : 'This is no CloudEvent.');
  }
}

function unreadable(reason: string): ReadMessage {
  return { kind: 'unreadable', reason };
}

import { FUNCTION_NAME, resolveReference } from '../../functions/function-name';
import { invalidField } from '../../invalid-field';
import type { UrlRules } from './url-rules';

/** Where something is sent when an event has ended. */
export type Destination =
  | { kind: 'function'; functionName: string; qualifier: string }
  | { kind: 'url'; url: URL }
  /** A stream of the account in the platform's own Redis. */
  | { kind: 'stream'; name: string }
  /** A BullMQ queue of the account, which triggers can take from. */
  | { kind: 'queue'; name: string };

const STREAM = 'redis-stream:';
const QUEUE = 'queue:';
const QUEUE_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * Understands a function's BRN or name, `https://…`, `redis-stream:<name>` and `queue:<name>`.
 * @throws ServiceError VALIDATION_FAILED, INVALID_NAME, URL_NOT_ALLOWED
 */
export function parseDestination(text: string, owner: { accountId: string; region: string }, rules: UrlRules): Destination {
  if (text.startsWith(STREAM)) {
    const name = text.slice(STREAM.length);
    if (FUNCTION_NAME.test(name)) return { kind: 'stream', name };
    throw invalidField('Destination', 'A Redis stream is written redis-stream:<name> with a name of letters, digits, _ and -.');
  }
  if (text.startsWith(QUEUE)) {
    const name = text.slice(QUEUE.length);
    if (QUEUE_NAME.test(name)) return { kind: 'queue', name };
    throw invalidField('Destination', 'A queue is written queue:<name> with a name of letters, digits, _ . and -.');
  }
  if (text.startsWith('brn:') || FUNCTION_NAME.test(text)) return { kind: 'function', ...resolveReference(text, owner) };
  return { kind: 'url', url: rules.check(text) };
}

import { FUNCTION_NAME, resolveReference } from '../../functions/function-name';
import { invalidField } from '../../invalid-field';
import { type BrokerAddress, brokerAddress } from '../../triggers/sources/mqtt/broker-address';
import type { UrlRules } from './url-rules';

/** Where something is sent when an event has ended. */
export type Destination =
  | { kind: 'function'; functionName: string; qualifier: string }
  | { kind: 'url'; url: URL }
  /** A stream of the account in the platform's own Redis. */
  | { kind: 'stream'; name: string }
  /** A BullMQ queue of the account, which triggers can take from. */
  | { kind: 'queue'; name: string }
  /** A topic of a broker. */
  | ({ kind: 'mqtt'; topic: string } & BrokerAddress);

const STREAM = 'redis-stream:';
const QUEUE = 'queue:';
const QUEUE_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const MQTT = /^mqtts?:/i;
/** As brokers commonly take it. */
const TOPIC_BYTES = 256;

/**
 * Understands a function's BRN or name, `https://…`, `redis-stream:<name>`, `queue:<name>` and `mqtts://host[:port]/<topic>`.
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
  if (MQTT.test(text)) return { kind: 'mqtt', ...brokerAndTopic(text, rules) };
  return { kind: 'url', url: rules.check(text) };
}

function brokerAndTopic(text: string, rules: UrlRules): { topic: string } & BrokerAddress {
  const [, broker = '', encoded = ''] = /^([^/]*\/\/[^/]*)\/?(.*)$/.exec(text) ?? [];
  const topic = decoded(encoded);
  if (topic === undefined || topic === '' || Buffer.byteLength(topic) > TOPIC_BYTES || /[+#\0]/.test(topic)) {
    throw invalidField('Destination', `A topic is the path of mqtts://host/topic: 1 to ${TOPIC_BYTES} bytes without + and #.`);
  }
  return { ...brokerAddress(broker, rules), topic };
}

/** @returns nothing when there are wrong escapes */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

import { createHash } from 'node:crypto';
import type { ReadableMessage } from './record-shape';

/** The text of a message; what is no text is JSON. */
export function sqsBody({ value }: Pick<ReadableMessage, 'value'>): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A message as AWS Lambda gives one of an SQS queue to a function. Pure. */
export function sqsRecord(readable: ReadableMessage, eventSourceArn: string): Record<string, unknown> {
  const { messageId, attempt, attributes } = readable.message;
  const { timestamp, ...others } = attributes;
  const body = sqsBody(readable);
  // Ids of a Redis stream begin with the time.
  const sentTimestamp = timestamp ?? /^\d{10,16}(?=-)/.exec(messageId)?.[0] ?? '0';
  return {
    messageId,
    receiptHandle: Buffer.from(messageId).toString('base64'),
    body,
    attributes: {
      ApproximateReceiveCount: String(attempt),
      SentTimestamp: sentTimestamp,
      SenderId: 'easyfaas',
      ApproximateFirstReceiveTimestamp: sentTimestamp,
    },
    messageAttributes: Object.fromEntries(Object.entries(others).map(([name, value]) => [name, attributeOf(value)])),
    md5OfBody: createHash('md5').update(body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: eventSourceArn,
    awsRegion: eventSourceArn.split(':')[3] ?? '',
  };
}

function attributeOf(stringValue: string): Record<string, unknown> {
  return { stringValue, stringListValues: [], binaryListValues: [], dataType: 'String' };
}

import type { SqsRecords, TriggerBatch } from '@easyfaas/contracts/wire';
import { invalidField } from '../../invalid-field';
import type { TakenMessage } from './message-supply';
import { sqsBody, sqsRecord } from './sqs-record';

/** A message whose content could be read. */
export interface ReadableMessage {
  message: TakenMessage;
  value: unknown;
  isBinary: boolean;
}

/** How a function that takes batches sees messages. */
export interface RecordShape {
  recordOf(readable: ReadableMessage): Record<string, unknown>;
  /** What the trigger's filter looks at. */
  filtered(readable: ReadableMessage): unknown;
  /** Whether the function's `batchItemFailures` count. */
  heedsFailures: boolean;
}

/** @param eventSource of our own records, such as `easyfaas:queue` */
export function recordShape(eventSource: string, sqs: SqsRecords | undefined): RecordShape {
  if (sqs === undefined) return plainRecords(eventSource);
  return {
    recordOf: (readable) => sqsRecord(readable, sqs.EventSourceArn),
    filtered: (readable) => ({ ...sqsRecord(readable, sqs.EventSourceArn), body: jsonIn(sqsBody(readable)) }),
    heedsFailures: sqs.ReportBatchItemFailures === true,
  };
}

/** @throws ServiceError VALIDATION_FAILED: without a batch there are no records */
export function assertBatched(sqs: SqsRecords | undefined, { Size }: TriggerBatch): void {
  if (sqs === undefined || Size !== undefined) return;
  throw invalidField('Batch.Size', 'Batch.Size is needed with SqsRecords: records are what a function gets of a batch.');
}

function plainRecords(eventSource: string): RecordShape {
  return {
    recordOf: ({ message, value, isBinary }) => ({
      messageId: message.messageId,
      eventSource,
      body: value,
      isBase64Encoded: isBinary,
      attempt: message.attempt,
      attributes: message.attributes,
    }),
    filtered: ({ value }) => value,
    heedsFailures: true,
  };
}

/** As Lambda's filters see the body of an SQS message: its members where it is JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

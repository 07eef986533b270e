import { compileFilter } from '../filter/event-filter';
import { type ReadableMessage, assertBatched, recordShape } from './record-shape';

const ARN = 'arn:aws:sqs:local:default:orders';
const readable = (value: unknown, attributes: Record<string, string> = {}): ReadableMessage => ({
  message: { messageId: '1700000000123-0', bytes: Buffer.alloc(0), attempt: 2, attributes },
  value,
  isBinary: false,
});
const shape = recordShape('easyfaas:queue', { EventSourceArn: ARN });

describe('a record of an SQS queue', () => {
  it('has the members that functions know', () => {
    expect(shape.recordOf(readable('hello', { origin: 'shop', timestamp: '5' }))).toEqual({
      messageId: '1700000000123-0',
      receiptHandle: expect.stringMatching(/^[\w+/]+=*$/) as string,
      body: 'hello',
      attributes: {
        ApproximateReceiveCount: '2',
        SentTimestamp: '5',
        SenderId: 'easyfaas',
        ApproximateFirstReceiveTimestamp: '5',
      },
      messageAttributes: { origin: { stringValue: 'shop', stringListValues: [], binaryListValues: [], dataType: 'String' } },
      md5OfBody: '5d41402abc4b2a76b9719d911017c592',
      eventSource: 'aws:sqs',
      eventSourceARN: ARN,
      awsRegion: 'local',
    });
  });

  it('has JSON as text, and knows when an entry of a stream was added', () => {
    expect(shape.recordOf(readable({ n: 1 }))).toMatchObject({ body: '{"n":1}', attributes: { SentTimestamp: '1700000000123' } });
  });

  it('is filtered by what is in its body', () => {
    const passes = compileFilter({ Filters: [{ Pattern: { body: { n: [1] } } }] });
    expect([{ n: 1 }, { n: 2 }, '{"n":1}', 'text'].map((value) => passes(shape.filtered(readable(value))))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('counts what the function says of single ones only when that was asked for', () => {
    expect(shape.heedsFailures).toBe(false);
    expect(recordShape('easyfaas:queue', { EventSourceArn: ARN, ReportBatchItemFailures: true }).heedsFailures).toBe(true);
  });

  it('needs a batch', () => {
    expect(() => assertBatched({ EventSourceArn: ARN }, {})).toThrow('Batch.Size is needed');
    expect(() => assertBatched(undefined, {})).not.toThrow();
  });
});

import { TRIGGER_LIMITS } from '@easyfaas/contracts/wire';
import { readEventSource, readMappingSettings } from './lambda-event-source-settings';

const owner = { accountId: 'default', region: 'local' };
const QUEUE = 'arn:aws:sqs:local:000000000000:orders';
const STREAM = 'arn:aws:redis-stream:local:000000000000:orders';
const read = (arn: string, body: object): ReturnType<typeof readMappingSettings> =>
  readMappingSettings(readEventSource(arn, owner), { ...body }, { triggerId: 'id' });

describe('an event source', () => {
  it('is a queue or a stream of the account', () => {
    expect(readEventSource(QUEUE, owner)).toEqual({ kind: 'queue', name: 'orders', arn: QUEUE });
    expect(readEventSource(STREAM, owner).kind).toBe('redis-stream');
  });

  it.each([
    [undefined, 'Unrecognized event source.'],
    ['arn:aws:kinesis:local:000000000000:stream/x', 'Unrecognized event source:'],
    ['arn:aws:sqs:local:111111111111:orders', 'not of this account and region'],
    ['arn:aws:sqs:local:000000000000', 'not of this account and region'],
  ])('%s is none', (arn, words) => {
    expect(() => readEventSource(arn, owner)).toThrow(words);
  });
});

describe('the settings of a mapping', () => {
  it('have the defaults of AWS', () => {
    expect(read(QUEUE, {})).toEqual({
      Configuration: { Queue: 'orders', Format: 'json', SqsRecords: { EventSourceArn: QUEUE, ReportBatchItemFailures: false } },
      Batch: { Size: 10, WindowMs: 0 },
    });
  });

  it('are those of a trigger', () => {
    const body = {
      BatchSize: 5,
      MaximumBatchingWindowInSeconds: 2,
      FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      Enabled: false,
      StartingPosition: 'TRIM_HORIZON',
      MaximumRetryAttempts: 3,
    };
    expect(read(STREAM, body)).toEqual({
      Configuration: {
        Stream: 'orders',
        Format: 'text',
        Group: 'mapping-id',
        StartingPosition: 'earliest',
        SqsRecords: { EventSourceArn: STREAM, ReportBatchItemFailures: true },
      },
      Batch: { Size: 5, WindowMs: 2000 },
      Filter: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] },
      ErrorPolicy: { MaxAttempts: 4 },
      Enabled: false,
    });
  });

  it('stay as they are in a change that does not name them', () => {
    const current = {
      triggerId: 'id',
      configuration: { ...read(QUEUE, { FunctionResponseTypes: ['ReportBatchItemFailures'] }).Configuration },
    };
    const changed = readMappingSettings(
      readEventSource(QUEUE, owner),
      { Enabled: true },
      { ...current, batch: { Size: 3, WindowMs: 500 } },
    );
    expect(changed).toMatchObject({
      Configuration: { SqsRecords: { ReportBatchItemFailures: true } },
      Batch: { Size: 3, WindowMs: 500 },
      Enabled: true,
    });
  });

  it.each([
    [QUEUE, { BatchSize: 0 }, 'BatchSize'],
    [QUEUE, { BatchSize: TRIGGER_LIMITS.batchSize + 1 }, 'BatchSize'],
    [QUEUE, { MaximumBatchingWindowInSeconds: '1' }, 'MaximumBatchingWindowInSeconds'],
    [QUEUE, { DestinationConfig: {} }, 'Unsupported DestinationConfig parameter for given event source mapping type.'],
    [QUEUE, { StartingPosition: 'LATEST' }, 'Unsupported StartingPosition'],
    [QUEUE, { FunctionResponseTypes: ['Other'] }, 'FunctionResponseTypes'],
    [QUEUE, { FilterCriteria: { Filters: [{}] } }, 'FilterCriteria'],
    [QUEUE, { Enabled: 'yes' }, 'Enabled'],
    [STREAM, {}, 'StartingPosition is needed'],
    [STREAM, { StartingPosition: 'AT_TIMESTAMP' }, 'StartingPosition must be'],
    [STREAM, { StartingPosition: 'LATEST', MaximumRetryAttempts: -1 }, 'MaximumRetryAttempts'],
  ])('of %s are refused as %j', (arn, body, words) => {
    expect(() => read(arn, body)).toThrow(words);
  });
});

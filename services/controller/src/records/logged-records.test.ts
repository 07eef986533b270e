import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { type Logger, silentLogger } from '@easyfaas/service-kit';
import { LoggedRecords } from './logged-records';

const record = (more: Partial<InvocationRecord> = {}): InvocationRecord => ({
  requestId: '221134a4-8176-4d4b-948b-8cc6786af8e5',
  accountId: 'default',
  functionName: 'f',
  version: '$LATEST',
  commitId: 'c',
  invokeType: 'RequestResponse',
  status: 'succeeded',
  httpStatus: 200,
  start: 'warm',
  startedAt: '2026-01-31T12:00:00.000Z',
  stages: { totalMs: 1 },
  payloadBytes: 0,
  resultBytes: 0,
  ...more,
});

function underTest(oneOf: number) {
  const lines: Record<string, unknown>[] = [];
  const kept: InvocationRecord[] = [];
  let nowMs = 0;
  const logger: Logger = { ...silentLogger(), info: (message, fields) => void lines.push({ message, ...fields }) };
  const clock = { wallMs: () => 0, monotonicMs: () => nowMs, after: () => () => undefined };
  const records = new LoggedRecords({ records: { add: (each) => void kept.push(each) }, logger, clock, oneOf });
  return { records, lines, kept, pass: (ms: number) => (nowMs += ms) };
}

describe('the line of a call', () => {
  it('is there of each that failed or was cold, and of one of so many others', () => {
    const { records, lines, kept } = underTest(10);
    for (let n = 0; n < 25; n++) records.add(record());
    records.add(record({ start: 'cold', coldReason: 'idle' }));
    records.add(record({ status: 'throttled' }));
    expect(kept).toHaveLength(27);
    expect(lines.map(({ message, start, status, standsFor }) => [message, start, status, standsFor])).toEqual([
      ['call', 'warm', 'succeeded', 10],
      ['call', 'warm', 'succeeded', 10],
      ['call', 'cold', 'succeeded', 1],
      ['call', 'warm', 'throttled', 1],
    ]);
  });

  it('has the record, and nothing that a function says', () => {
    const { records, lines } = underTest(Infinity);
    for (let n = 0; n < 10; n++) records.add(record());
    records.add(record({ status: 'failed', errorType: 'Error', errorMessage: 'a secret', logTail: 'another', keyId: 'k', traceId: 't' }));
    records.add(record({ status: 'error', errorType: 'DISK_FULL', errorMessage: 'ours' }));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ keyId: 'k', traceId: 't', errorType: 'Error', stages: { totalMs: 1 } });
    expect(JSON.stringify(lines[0])).not.toMatch(/secret|another/);
    expect(lines[1]).toMatchObject({ errorMessage: 'ours' });
  });

  it('is left out beyond a number per second, and the next one says how often', () => {
    const { records, lines, pass } = underTest(1);
    for (let n = 0; n < 1000; n++) records.add(record({ status: 'failed' }));
    const first = lines.length;
    pass(1000);
    records.add(record());
    expect(lines.length).toBe(first + 1);
    expect(lines.at(-1)).toMatchObject({ linesLeftOut: 1000 - first });
  });
});

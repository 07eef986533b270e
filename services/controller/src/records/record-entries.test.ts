import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { RecordEntries, type RecordEntry, entriesFor } from './record-entries';
import { formatPosition, parsePosition } from './record-position';

const record = (accountId: string, requestId: string, more: Partial<InvocationRecord> = {}): InvocationRecord => ({
  requestId,
  accountId,
  functionName: 'f',
  version: '$LATEST',
  commitId: 'c',
  invokeType: 'RequestResponse',
  status: 'succeeded',
  httpStatus: 200,
  startedAt: '2026-01-31T12:00:00.000Z',
  stages: { totalMs: 1 },
  payloadBytes: 0,
  resultBytes: 0,
  ...more,
});
const idsOf = ({ bytes }: RecordEntry): string[] => (JSON.parse(bytes.toString()) as InvocationRecord[]).map(({ requestId }) => requestId);

describe('entries of records', () => {
  it('hold one account each, in order, and not too many', () => {
    const entries = new RecordEntries({ perEntry: 2, remembered: 10 });
    for (const [accountId, id] of [['a', '1'], ['b', '2'], ['a', '3'], ['a', '4']] as const) entries.add(record(accountId, id)); // prettier-ignore
    const taken = entries.take();
    expect(taken.map((entry) => [entry.accountId, entry.count, idsOf(entry)])).toEqual([
      ['a', 2, ['1', '3']],
      ['a', 1, ['4']],
      ['b', 1, ['2']],
    ]);
    expect(entries.take()).toEqual([]);
  });

  it('are closed before they grow too large, and a record of any size is taken', () => {
    const entries = new RecordEntries({ perEntry: 1000, remembered: 10 });
    const tail = 'ü'.repeat(4000);
    for (let n = 0; n < 40; n++) entries.add(record('a', String(n), { logTail: tail }));
    entries.add(record('a', 'large', { logTail: 'x'.repeat(200_000) }));
    entries.add(record('a', 'after'));
    const taken = entries.take();
    expect(taken.length).toBeGreaterThan(3);
    expect(taken.flatMap(idsOf)).toEqual([...Array.from({ length: 40 }, (_, n) => String(n)), 'large', 'after']);
    expect((JSON.parse(taken[0]?.bytes.toString() ?? '') as InvocationRecord[])[0]?.logTail).toBe(tail);
  });

  it('that could not be written come first again, and the oldest records are dropped beyond the limit', () => {
    const entries = new RecordEntries({ perEntry: 2, remembered: 10 });
    for (const id of ['1', '2', '3', '4']) entries.add(record('a', id));
    const taken = entries.take();
    for (const id of ['5', '6']) entries.add(record('a', id));
    expect(entries.putBack(taken, 4)).toBe(2);
    expect(entries.take().map(idsOf)).toEqual([
      ['3', '4'],
      ['5', '6'],
    ]);
  });

  it('find a record that was added lately, of its account only, taken or not', () => {
    const entries = new RecordEntries({ perEntry: 2, remembered: 4 });
    for (let n = 0; n < 9; n++) entries.add(record('a', `id-${n}`));
    expect(entries.find('a', 'id-8')?.requestId).toBe('id-8');
    entries.take();
    expect(entries.find('a', 'id-7')?.requestId).toBe('id-7');
    expect(entries.find('b', 'id-8')).toBeUndefined();
    expect(entries.find('a', 'id-0')).toBeUndefined();
    expect(entries.find('a', 'c')).toBeUndefined();
  });
});

it('a stream keeps about as many records, however many are in an entry', () => {
  expect([entriesFor(10_000, 1), entriesFor(10_000, 100), entriesFor(10_000, 0), entriesFor(10, 1000)]).toEqual([10_000, 100, 10_000, 1]);
});

describe('the position of a record', () => {
  it('comes back from its marker', () => {
    const position = { entryId: '1700000000000-3', index: 17 };
    expect(parsePosition(formatPosition(position))).toEqual(position);
  });

  it.each(['', 'forged', '1-1', '1-1.', '+.1', '1-1.1 ', '1-1.x', '(1-1.1', `${'9'.repeat(30)}-1.1`])('is not %j', (marker) => {
    expect(() => parsePosition(marker)).toThrow(/marker/);
  });
});

import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { batchRecords, entriesFor } from './record-batches';
import { formatPosition, parsePosition } from './record-position';
import { RecordRing } from './record-ring';

const record = (accountId: string, requestId: string): InvocationRecord => ({ accountId, requestId }) as InvocationRecord;

describe('batches of records', () => {
  it('hold one account each, in order, and not too many', () => {
    const batches = batchRecords([record('a', '1'), record('b', '2'), record('a', '3'), record('a', '4')], 2);
    expect(batches.map(({ accountId, records }) => [accountId, records.map(({ requestId }) => requestId)])).toEqual([
      ['a', ['1', '3']],
      ['b', ['2']],
      ['a', ['4']],
    ]);
    expect(batchRecords([], 2)).toEqual([]);
  });

  it('let a stream keep about as many records, however many are in an entry', () => {
    expect([entriesFor(10_000, 1), entriesFor(10_000, 100), entriesFor(10_000, 0), entriesFor(10, 1000)]).toEqual([10_000, 100, 10_000, 1]);
  });
});

describe('the ring of records', () => {
  it('keeps the last ones, newest first', () => {
    const ring = new RecordRing(3);
    expect(ring.newestFirst()).toEqual([]);
    for (const id of ['1', '2', '3', '4']) ring.add(record('a', id));
    expect(ring.newestFirst().map(({ requestId }) => requestId)).toEqual(['4', '3', '2']);
  });

  it('finds a record of its account only', () => {
    const ring = new RecordRing(3);
    ring.add(record('a', '1'));
    expect(ring.find('a', '1')).toBeDefined();
    expect(ring.find('b', '1')).toBeUndefined();
  });
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

import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { ThrottledRecords } from './throttled-records';

const record = (functionName: string): InvocationRecord => ({ accountId: 'a', functionName, status: 'throttled' }) as InvocationRecord;

describe('records of throttled calls', () => {
  it('are ten a second of each function; the next one says how many were left out', () => {
    const throttled = new ThrottledRecords();
    const written = Array.from({ length: 100 }, (_, index) => throttled.admit(record('f'), index)).filter((each) => each !== undefined);
    expect(written).toHaveLength(10);
    expect(throttled.admit(record('g'), 50)).toEqual(record('g'));
    expect(throttled.admit(record('f'), 1000)).toEqual({ ...record('f'), leftOut: 90 });
    expect(throttled.admit(record('f'), 1001)).toEqual(record('f'));
  });
});

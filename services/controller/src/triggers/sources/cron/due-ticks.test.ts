import { dueTicks } from './due-ticks';
import type { Schedule } from './schedule';

const MINUTE = 60_000;
/** Every minute from 0. */
let looked = 0;
const every: Schedule = {
  nextAfterMs: (timeMs) => {
    looked += 1;
    return (Math.floor(timeMs / MINUTE) + 1) * MINUTE;
  },
};
const once: Schedule = { nextAfterMs: () => undefined };

describe('which ticks are due', () => {
  beforeEach(() => (looked = 0));

  it.each(['latest', 'all', 'skip'] as const)('one that is due now is fired with %s', (missed) => {
    expect(dueTicks(every, 5 * MINUTE, 5 * MINUTE + 100, missed)).toEqual({ fire: [5 * MINUTE], skipped: 0, next: 6 * MINUTE });
  });

  it('none is due before its time', () => {
    expect(dueTicks(every, 5 * MINUTE, 5 * MINUTE - 1, 'latest')).toEqual({ fire: [], skipped: 0, next: 5 * MINUTE });
  });

  it('after a time away the latest one is fired', () => {
    expect(dueTicks(every, 5 * MINUTE, 8.5 * MINUTE, 'latest')).toEqual({ fire: [8 * MINUTE], skipped: 3, next: 9 * MINUTE });
  });

  it('after a time away all are fired', () => {
    expect(dueTicks(every, 5 * MINUTE, 7.5 * MINUTE, 'all')).toEqual({
      fire: [5, 6, 7].map((n) => n * MINUTE),
      skipped: 0,
      next: 8 * MINUTE,
    });
  });

  it('after a time away none that was missed is fired', () => {
    expect(dueTicks(every, 5 * MINUTE, 7.5 * MINUTE, 'skip')).toEqual({ fire: [7 * MINUTE], skipped: 2, next: 8 * MINUTE });
    const hourly: Schedule = { nextAfterMs: (timeMs) => every.nextAfterMs(timeMs + 59 * MINUTE) };
    expect(dueTicks(hourly, 5 * MINUTE, 10 * MINUTE, 'skip').fire).toEqual([]);
  });

  it('after a year away the latest one is found without walking through all', () => {
    const year = 366 * 24 * 60;
    const due = dueTicks(every, MINUTE, year * MINUTE + 1, 'latest');
    expect(due.fire).toEqual([year * MINUTE]);
    expect(due.next).toBe((year + 1) * MINUTE);
    expect(looked).toBeLessThan(200);
  });

  it('with "all" a hundred are fired in one go and the rest follows', () => {
    const due = dueTicks(every, MINUTE, 1000 * MINUTE, 'all');
    expect(due.fire).toHaveLength(100);
    expect(due.next).toBe(101 * MINUTE);
  });

  it('a single run has no next one', () => {
    expect(dueTicks(once, MINUTE, 2 * MINUTE, 'latest')).toEqual({ fire: [MINUTE], skipped: 0, next: undefined });
    expect(dueTicks(once, MINUTE, 3 * MINUTE, 'skip')).toEqual({ fire: [], skipped: 1, next: undefined });
  });
});

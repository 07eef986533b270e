import { SharedSchedules, remembering } from './shared-schedules';

const MINUTE = 60_000;
let looked = 0;
const every = {
  nextAfterMs: (timeMs: number): number => {
    looked += 1;
    return (Math.floor(timeMs / MINUTE) + 1) * MINUTE;
  },
};

describe('schedules that triggers share', () => {
  beforeEach(() => (looked = 0));

  it('look once for all that ask about the same stretch of time, and answer as if they had looked', () => {
    const schedule = remembering(every);
    for (const timeMs of [0, 5, MINUTE - 1, 0]) expect(schedule.nextAfterMs(timeMs)).toBe(MINUTE);
    expect(looked).toBe(1);
    expect(schedule.nextAfterMs(MINUTE)).toBe(2 * MINUTE);
    expect(schedule.nextAfterMs(10)).toBe(MINUTE);
    expect(looked).toBe(2);
    expect(schedule.nextAfterMs(-1)).toBe(0);
    expect(schedule.nextAfterMs(3)).toBe(MINUTE);
    expect(looked).toBe(3);
  });

  it('forget the oldest of many answers', () => {
    const schedule = remembering(every);
    for (let minute = 0; minute < 20; minute++) expect(schedule.nextAfterMs(minute * MINUTE)).toBe((minute + 1) * MINUTE);
    expect(schedule.nextAfterMs(19 * MINUTE)).toBe(20 * MINUTE);
    expect(looked).toBe(20);
    expect(schedule.nextAfterMs(0)).toBe(MINUTE);
    expect(looked).toBe(21);
  });

  it('remember that there is no tick any more, from then on', () => {
    const once = remembering({ nextAfterMs: (timeMs) => (looked++, timeMs < MINUTE ? MINUTE : undefined) });
    expect([MINUTE, 2 * MINUTE, 0, MINUTE - 1].map((timeMs) => once.nextAfterMs(timeMs))).toEqual([undefined, undefined, MINUTE, MINUTE]);
    expect(looked).toBe(2);
  });

  it('are read once for the same words', () => {
    const schedules = new SharedSchedules();
    let read = 0;
    const reader = (): typeof every => (read++, every);
    expect(schedules.of('a', reader)).toBe(schedules.of('a', reader));
    expect(schedules.of('b', reader)).not.toBe(schedules.of('a', reader));
    expect(read).toBe(2);
  });
});

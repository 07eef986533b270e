import { parseSchedule } from './schedule';

const runs = (schedule: string, timeZone: string, from: string, count = 4): string[] => {
  const { nextAfterMs } = parseSchedule(schedule, timeZone, Date.parse('2026-01-01T00:00:30Z'));
  const found: string[] = [];
  let tick = nextAfterMs(Date.parse(from));
  while (tick !== undefined && found.length < count) {
    found.push(new Date(tick).toISOString().replace(':00.000Z', 'Z'));
    tick = nextAfterMs(tick);
  }
  return found;
};

describe('a schedule', () => {
  it.each([
    ['0 9 * * 1-5', 'UTC', '2026-07-10T12:00:00Z', ['2026-07-13T09:00Z', '2026-07-14T09:00Z']],
    ['cron(*/15 8 * * *)', 'America/New_York', '2026-07-10T12:20:00Z', ['2026-07-10T12:30Z', '2026-07-10T12:45Z']],
    ['0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['0 12 L * *', 'UTC', '2026-01-30T00:00:00Z', ['2026-01-31T12:00Z', '2026-02-28T12:00Z']],
  ])('%s in %s is due when it says', (schedule, timeZone, from, expected) => {
    expect(runs(schedule, timeZone, from, 2)).toEqual(expected);
  });

  it('F124: a time in the gap comes once, one hour later by the clock', () => {
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 3)).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-29T01:30Z',
      '2026-03-30T00:30Z',
    ]);
  });

  it('F124: a time that comes twice is due once, the first time', () => {
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-10-24T00:00:00Z', 3)).toEqual([
      '2026-10-24T00:30Z',
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
    ]);
  });

  it('F124: what is due every half hour goes on through the hour that comes twice and over the gap', () => {
    const twice = runs('*/30 * * * *', 'Europe/Berlin', '2026-10-24T23:45:00Z', 5);
    expect(twice).toEqual(['2026-10-25T00:00Z', '2026-10-25T00:30Z', '2026-10-25T01:00Z', '2026-10-25T01:30Z', '2026-10-25T02:00Z']);
    expect(runs('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:15:00Z', 3)).toEqual([
      '2026-03-29T00:30Z',
      '2026-03-29T01:00Z',
      '2026-03-29T01:30Z',
    ]);
  });

  it('counts a rate from when it was made', () => {
    expect(runs('rate(5 minutes)', 'UTC', '2026-01-01T00:00:00Z', 2)).toEqual(['2026-01-01T00:05:30.000Z', '2026-01-01T00:10:30.000Z']);
    expect(runs('rate(1 day)', 'UTC', '2026-03-01T00:00:00Z', 1)).toEqual(['2026-03-01T00:00:30.000Z']);
  });

  it.each([
    ['at(2026-07-01T12:00:00)', 'Europe/Berlin', ['2026-07-01T10:00Z']],
    ['at(2026-07-01T12:00:00Z)', 'Europe/Berlin', ['2026-07-01T12:00Z']],
    ['at(2026-03-29T02:30:00)', 'Europe/Berlin', ['2026-03-29T01:30Z']],
    ['at(2026-10-25T02:30:00)', 'Europe/Berlin', ['2026-10-25T00:30Z']],
    ['at(2026-07-01T12:00)', 'America/New_York', ['2026-07-01T16:00Z']],
    ['at(2025-07-01T12:00)', 'UTC', []],
  ])('%s in %s comes once', (schedule, timeZone, expected) => {
    expect(runs(schedule, timeZone, '2026-01-01T00:00:00Z')).toEqual(expected);
  });

  it.each([
    ['* * * * * *', 'UTC', 'five fields'],
    ['* * * *', 'UTC', 'five fields'],
    ['@daily', 'UTC', 'five fields'],
    ['H * * * *', 'UTC', 'five fields'],
    ['61 * * * *', 'UTC', 'no cron schedule'],
    ['0 0 30 2 *', 'UTC', 'no cron schedule'],
    ['a b c d e', 'UTC', 'no cron schedule'],
    ['rate(0 minutes)', 'UTC', 'whole number'],
    ['rate(5 fortnights)', 'UTC', 'whole number'],
    ['at(2026-02-30T00:00:00)', 'UTC', 'no time of the calendar'],
    ['at(tomorrow)', 'UTC', 'takes a time'],
    ['* * * * *', 'Mars/Phobos', 'IANA name'],
    ['* * * * *', '+02:00', 'IANA name'],
    ['rate(5 minutes)', '', 'IANA name'],
  ])('refuses %s in %s', (schedule, timeZone, words) => {
    expect(() => parseSchedule(schedule, timeZone, 0)).toThrow(words);
  });
});

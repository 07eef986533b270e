import { IsoTime } from './iso-time';

it.each([0, 1, 999, 1000, 1_700_000_000_000, 1_700_000_000_009, 1_700_000_000_099, 1_700_000_000_999, 1_700_000_001_000])(
  '%d ms are written as Date writes them',
  (wallMs) => {
    const time = new IsoTime();
    time.format(wallMs - 1500);
    expect(time.format(wallMs)).toBe(new Date(wallMs).toISOString());
  },
);

it('a fraction of a millisecond is dropped', () => {
  expect(new IsoTime().format(1_700_000_000_123.9)).toBe(new Date(1_700_000_000_123).toISOString());
});

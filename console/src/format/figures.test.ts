import { age, bytes, counted, duration, relativeTime } from './figures';

describe('figures', () => {
  it('have the unit that suits them', () => {
    expect([0, 1023, 1024, 1536, 6 * 1024 * 1024].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.5 KiB', '6.0 MiB']);
    expect([0.123, 12.34, 1240, 61_000].map(duration)).toEqual(['0.12 ms', '12.3 ms', '1.24 s', '1 min']);
    expect([-5, 45_000, 200_000, 7_500_000, 7_200_000, 349_200_000].map(age)).toEqual([
      '0 s',
      '45 s',
      '3 min',
      '2 h 5 min',
      '2 h',
      '4 d 1 h',
    ]);
  });

  it('say how long ago, or how soon', () => {
    expect(relativeTime(0, 200_000)).toBe('3 min ago');
    expect(relativeTime(65_000, 0)).toBe('in 1 min');
    expect(relativeTime(500, 0)).toBe('just now');
  });

  it('count in words', () => {
    expect([counted(0, 'call'), counted(1, 'call'), counted(2, 'reply', 'replies')]).toEqual(['0 calls', '1 call', '2 replies']);
  });
});

import { formatAge, formatBytes, formatTime } from './format';

describe('how values are shown', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [3174, '3.1 KB'],
    [5 * 1024 * 1024, '5.0 MB'],
    [3 * 1024 ** 3, '3.0 GB'],
  ])('%d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [-5, '0 s'],
    [119_000, '119 s'],
    [120_000, '2 min'],
    [7_200_000, '2 h'],
    [172_800_000, '2 d'],
  ])('an age of %d ms as %s', (ageMs, text) => {
    expect(formatAge(ageMs)).toBe(text);
  });

  it('times without their fractions', () => {
    expect(formatTime('2030-01-31T12:00:05.123Z')).toBe('2030-01-31 12:00:05');
  });
});

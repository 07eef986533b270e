import { laterOf, spanSeconds } from './later';

describe('times to come', () => {
  it.each([
    ['0s', 1000],
    ['90s', 91_000],
    ['2h', 7_201_000],
    ['1970-01-02T00:00:00Z', 86_400_000],
  ])('%s is %d', (text, expected) => {
    expect(laterOf(text, 1000)).toBe(expected);
  });

  it.each(['soon', '3w', '', '-1h', '1.5h'])('"%s" is none', (text) => {
    expect(() => laterOf(text)).toThrow(/no time/);
    expect(() => spanSeconds(text)).toThrow(/no length of time/);
  });
});

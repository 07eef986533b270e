import { CliError } from './cli-error';
import { sinceOf } from './since';

describe('--since', () => {
  it.each([
    ['30s', 970_000],
    ['10m', 400_000],
    ['1970-01-01T00:00:05Z', 5000],
    [undefined, undefined],
  ])('%s is %s', (text, atMs) => {
    expect(sinceOf(text, 1_000_000)).toBe(atMs);
  });

  it('refuses what is no time', () => {
    expect(() => sinceOf('banana')).toThrow(CliError);
  });
});

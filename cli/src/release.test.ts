import { InvalidArgumentError } from 'commander';
import { parseCanary, versionBefore } from './release';

describe('a canary', () => {
  it.each([
    ['5=10', { 5: 0.1 }],
    ['12=0.5%', { 12: 0.005 }],
    ['2=100', { 2: 1 }],
  ])('%s', (text, weights) => {
    expect(parseCanary(text)).toEqual(weights);
  });

  it.each(['5', '5=0', '5=101', 'live=10', '5=ten'])('%s is refused', (text) => {
    expect(() => parseCanary(text)).toThrow(InvalidArgumentError);
  });
});

describe('the version to roll back to', () => {
  it('is the one before, whatever was deleted in between', () => {
    expect(versionBefore('7', ['1', '3', '10', '7'])).toBe('3');
    expect(versionBefore('$LATEST', ['1', '10', '9'])).toBe('10');
  });

  it('is none when there is none', () => {
    expect(versionBefore('1', ['1', '2'])).toBeUndefined();
  });
});

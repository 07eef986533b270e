import { limitShare, placeOf } from './limit-share';

describe('the share of a limit', () => {
  it.each([0, 1, 2, 7, 10, 1000])('adds up to %d over any number of pods', (limit) => {
    for (const count of [1, 2, 3, 5, 16]) {
      const shares = Array.from({ length: count }, (_, index) => limitShare(limit, { index, count }));
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(limit);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }
  });
});

describe('the place of a pod', () => {
  it('is the same for whoever looks, whatever the order', () => {
    expect(placeOf('b', ['c', 'a', 'b'])).toEqual({ index: 1, count: 3 });
    expect(placeOf('b', ['b', 'c', 'a'])).toEqual({ index: 1, count: 3 });
  });

  it('is that of the only one where it is not listed', () => {
    expect(placeOf('x', [])).toEqual({ index: 0, count: 1 });
  });
});

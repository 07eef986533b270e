import { type ScaleFacts, type ShelfFacts, recommend, scale } from './scale';

const shelf = (name: string, more: Partial<ShelfFacts> = {}): ShelfFacts => ({
  shelf: name,
  target: 2,
  cold: 2,
  creating: 0,
  demanded: 0,
  isPausing: false,
  ...more,
});
const created = (shelves: ShelfFacts[], more: Partial<ScaleFacts> = {}): string[] =>
  scale({ shelves, total: 0, max: 10, creationsMax: 2, isMakingSlow: false, ...more }).map((step) => step.shelf);

describe('the size of the pool', () => {
  it('is left alone when each kind has its target', () => {
    expect(created([shelf('a'), shelf('b')])).toEqual([]);
  });

  it('is refilled, the emptiest kind first, so many at a time', () => {
    expect(created([shelf('a', { cold: 1 }), shelf('b', { cold: 0 })])).toEqual(['b', 'a']);
    expect(created([shelf('a', { cold: 0 })], { creationsMax: 1 })).toEqual(['a']);
  });

  it('counts what is being made already', () => {
    expect(created([shelf('a', { cold: 0, creating: 2 })])).toEqual([]);
    expect(created([shelf('a', { cold: 1, creating: 1 })])).toEqual([]);
    expect(created([shelf('a', { cold: 0, creating: 1 })])).toEqual(['a']);
  });

  it('serves waiting calls before the minimum of others', () => {
    expect(created([shelf('a', { cold: 0 }), shelf('b', { cold: 0, demanded: 2 })])).toEqual(['b', 'b']);
  });

  it('makes nothing beside what calls wait for, unless that takes too long', () => {
    expect(created([shelf('a', { cold: 0 }), shelf('b', { demanded: 1 })])).toEqual(['b']);
    expect(created([shelf('a', { cold: 0 }), shelf('b', { demanded: 1, creating: 1 })])).toEqual([]);
    expect(created([shelf('a', { cold: 0 }), shelf('b', { demanded: 1, creating: 1 })], { isMakingSlow: true })).toEqual(['a']);
  });

  it('makes for the calls of each kind in turns, however many wait for one of them', () => {
    expect(created([shelf('a', { demanded: 5 }), shelf('b', { demanded: 1 })])).toEqual(['a', 'b']);
    expect(created([shelf('a', { demanded: 5, creating: 1 }), shelf('b', { demanded: 1 })])).toEqual(['b']);
    expect(created([shelf('a', { demanded: 5 }), shelf('b', { demanded: 1, creating: 1 })])).toEqual(['a']);
  });

  it('never goes over the cap', () => {
    expect(created([shelf('a', { cold: 0, demanded: 5 })], { total: 9 })).toEqual(['a']);
    expect(created([shelf('a', { cold: 0, demanded: 5 })], { total: 10 })).toEqual([]);
  });

  it('makes none of a kind that pauses, and the others are not held up by it', () => {
    expect(created([shelf('a', { cold: 0, demanded: 1, isPausing: true }), shelf('b', { cold: 1 })])).toEqual(['b']);
  });
});

describe('the recommendation', () => {
  const limits = { min: 2, cap: 8 };

  it('is the minimum when cold calls are rare', () => {
    expect(recommend(limits, 0.01, 500)).toMatchObject({
      recommended: 0,
      target: 2,
      reason: expect.stringContaining('minimum of 2') as string,
    });
  });

  it('covers what is used up while one is made, with room for chance', () => {
    expect(recommend(limits, 2, 500)).toMatchObject({ recommended: 3, target: 3 });
    expect(recommend(limits, 5, 500)).toMatchObject({ recommended: 6, target: 6 });
  });

  it('is not followed beyond the cap, and says so', () => {
    expect(recommend(limits, 20, 500)).toMatchObject({ recommended: 17, target: 8, reason: expect.stringContaining('cap of 8') as string });
  });

  it('never takes a minimum away', () => {
    expect(recommend({ min: 4, cap: 4 }, 100, 500).target).toBe(4);
    expect(recommend({ min: 0, cap: 4 }, 0, 500).target).toBe(0);
  });
});

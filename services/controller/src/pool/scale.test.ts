import { type RuntimeFacts, recommend, scale } from './scale';

const runtime = (name: string, more: Partial<RuntimeFacts> = {}): RuntimeFacts => ({
  runtime: name,
  min: 2,
  cold: 2,
  creating: 0,
  demanded: 0,
  isPausing: false,
  ...more,
});
const created = (runtimes: RuntimeFacts[], more: { total?: number; max?: number; creationsMax?: number } = {}): string[] =>
  scale({ runtimes, total: 0, max: 10, creationsMax: 2, ...more }).map((step) => step.runtime);

describe('the size of the pool', () => {
  it('is left alone when each runtime has its minimum', () => {
    expect(created([runtime('a'), runtime('b')])).toEqual([]);
  });

  it('is refilled, the emptiest runtime first, so many at a time', () => {
    expect(created([runtime('a', { cold: 1 }), runtime('b', { cold: 0 })])).toEqual(['b', 'a']);
    expect(created([runtime('a', { cold: 0 })], { creationsMax: 1 })).toEqual(['a']);
  });

  it('counts what is being made already', () => {
    expect(created([runtime('a', { cold: 0, creating: 2 })])).toEqual([]);
    expect(created([runtime('a', { cold: 1, creating: 1 })])).toEqual([]);
    expect(created([runtime('a', { cold: 0, creating: 1 })])).toEqual(['a']);
  });

  it('serves waiting calls before the minimum of others', () => {
    expect(created([runtime('a', { cold: 0 }), runtime('b', { cold: 0, demanded: 2 })])).toEqual(['b', 'b']);
  });

  it('never goes over the cap', () => {
    expect(created([runtime('a', { cold: 0, demanded: 5 })], { total: 9 })).toEqual(['a']);
    expect(created([runtime('a', { cold: 0, demanded: 5 })], { total: 10 })).toEqual([]);
  });

  it('makes none of a runtime that pauses, and the others are not held up by it', () => {
    expect(created([runtime('a', { cold: 0, demanded: 1, isPausing: true }), runtime('b', { cold: 1 })])).toEqual(['b']);
  });
});

describe('the recommendation', () => {
  it('is the minimum when cold calls are rare', () => {
    expect(recommend('a', 2, 0.01, 500)).toMatchObject({ recommended: 2 });
  });

  it('covers what is used up while one is made, and one to spare', () => {
    expect(recommend('a', 2, 10, 500)).toMatchObject({ recommended: 6, min: 2 });
  });
});

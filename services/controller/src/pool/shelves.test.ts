import { type ShelfSettings, shelfKey, shelvesOf } from './shelves';

const settings = (more: Partial<ShelfSettings> = {}): ShelfSettings => ({
  runtimes: ['nodejs20', 'python3'],
  classesMb: [128],
  minimums: {},
  caps: {},
  networks: ['none'],
  ...more,
});
const sizes = (more: Partial<ShelfSettings>): string[] =>
  [...shelvesOf(settings(more)).values()].map(({ key, min, cap }) => `${key} ${min}-${cap}`);

describe('the kinds of cold containers', () => {
  it('are each runtime in each class and network, of which the smallest without network are kept', () => {
    expect(sizes({ classesMb: [512, 128], networks: ['none', 'egress'], runtimes: ['a'] })).toEqual([
      'a/128/none 2-8',
      'a/512/none 0-8',
      'a/128/egress 0-8',
      'a/512/egress 0-8',
    ]);
  });

  it('with egress have a minimum of their own', () => {
    expect(sizes({ classesMb: [128, 512], runtimes: ['a'], networks: ['egress'], minimums: { a: 5 }, minEgress: 1 })).toEqual([
      'a/128/egress 1-8',
      'a/512/egress 0-8',
    ]);
  });

  it('take minimum and cap by runtime, or by runtime and class', () => {
    expect(sizes({ classesMb: [128, 512], runtimes: ['a'], minimums: { a: 3, 'a:512': 1 }, caps: { 'a:512': 4 } })).toEqual([
      'a/128/none 3-8',
      'a/512/none 1-4',
    ]);
    expect(sizes({ runtimes: ['a'], minimums: { a: 20 } })).toEqual(['a/128/none 20-20']);
    expect(sizes({ runtimes: ['a', 'b'], minimums: { a: 3 }, defaults: { a: 0, b: 1 } })).toEqual(['a/128/none 3-8', 'b/128/none 1-8']);
  });

  it('refuse settings for what there is not, naming what there is', () => {
    expect(() => shelvesOf(settings({ minimums: { ruby: 1 } }))).toThrow(/EASYFAAS_POOL_MIN names ruby; installed are nodejs20, python3/);
    expect(() => shelvesOf(settings({ caps: { 'nodejs20:256': 1 } }))).toThrow(/EASYFAAS_POOL_CAP names nodejs20:256/);
  });

  it('serve a function from the largest class within its memory', () => {
    const shelves = shelvesOf(settings({ classesMb: [128, 512] }));
    const keyOf = (memoryMb: number): string | undefined => shelves.of({ runtime: 'python3', network: 'none', memoryMb })?.key;
    expect([128, 511, 512, 4096].map(keyOf)).toEqual(['python3/128/none', 'python3/128/none', 'python3/512/none', 'python3/512/none']);
    expect(shelves.of({ runtime: 'ruby', network: 'none', memoryMb: 128 })).toBeUndefined();
  });

  it('of a size of /tmp there are from the first wish on, one for each size, with no minimum', () => {
    const shelves = shelvesOf(settings({ classesMb: [128, 512], runtimes: ['a'] }));
    const rule = shelves.of({ runtime: 'a', network: 'none', memoryMb: 600, tmpMb: 128 });
    expect(rule).toEqual({ key: 'a/512/none/tmp128', runtime: 'a', network: 'none', classMb: 512, tmpMb: 128, min: 0, cap: 8 });
    expect(shelves.of({ runtime: 'a', network: 'none', memoryMb: 700, tmpMb: 128 })).toBe(rule);
    expect(shelves.of({ runtime: 'a', network: 'none', memoryMb: 192, tmpMb: 128 })?.key).toBe('a/128/none/tmp128');
    expect(shelves.of({ runtime: 'a', network: 'none', memoryMb: 600 })?.key).toBe('a/512/none');
    expect([...shelves.values()].map(({ key }) => key)).toEqual(['a/128/none', 'a/512/none', 'a/512/none/tmp128', 'a/128/none/tmp128']);
    expect(shelfKey(rule ?? { runtime: 'x', network: 'none', classMb: 1 })).toBe(rule?.key);
  });
});

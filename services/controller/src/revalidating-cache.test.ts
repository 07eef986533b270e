import { FakeClock, ServiceError } from '@easyfaas/service-kit';
import { RevalidatingCache, type RevalidatingCacheOptions } from './revalidating-cache';

interface Value {
  text: string;
}

const outage = (): ServiceError => new ServiceError('STORE_UNAVAILABLE', 'away');

/** A store whose loads settle when told to. */
class Store {
  readonly asked: string[] = [];
  readonly #pending: { resolve: (value: Value | undefined) => void; reject: (error: Error) => void }[] = [];

  load = (key: string): Promise<Value | undefined> => {
    this.asked.push(key);
    return new Promise((resolve, reject) => this.#pending.push({ resolve, reject }));
  };

  async answer(value: Value | undefined): Promise<void> {
    this.#take().resolve(value);
    await settle();
  }

  async fail(error: Error = outage()): Promise<void> {
    this.#take().reject(error);
    await settle();
  }

  #take(): { resolve: (value: Value | undefined) => void; reject: (error: Error) => void } {
    const oldest = this.#pending.shift();
    if (oldest === undefined) throw new Error('nothing was asked');
    return oldest;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

describe('a revalidating cache', () => {
  let clock: FakeClock;
  let store: Store;
  const one: Value = { text: 'one' };
  const two: Value = { text: 'two' };

  beforeEach(() => {
    clock = new FakeClock();
    store = new Store();
  });

  const cacheOf = (more: Partial<RevalidatingCacheOptions<Value>> = {}): RevalidatingCache<Value> =>
    new RevalidatingCache<Value>({
      load: store.load,
      clock,
      freshMs: 10,
      graceMs: 20,
      negativeMs: 5,
      outageMs: 1000,
      capacity: 3,
      ...more,
    });

  const filled = async (more: Partial<RevalidatingCacheOptions<Value>> = {}): Promise<RevalidatingCache<Value>> => {
    const cache = cacheOf(more);
    const first = cache.get('k');
    await store.answer(one);
    expect(await first).toBe(one);
    return cache;
  };

  it('loads once for all who ask at the same time, then answers synchronously', async () => {
    const cache = cacheOf();
    const asked = [cache.get('k'), cache.get('k')];
    await store.answer(one);
    for (const answer of asked) expect(await answer).toBe(one);
    expect(cache.get('k')).toBe(one);
    expect(store.asked).toEqual(['k']);
  });

  it('serves an entry past its freshness at once, and loads it once in the background', async () => {
    const cache = await filled();
    clock.advance(15);
    expect([cache.get('k'), cache.get('k')]).toEqual([one, one]);
    expect(store.asked).toHaveLength(2);
    await store.answer(two);
    expect(cache.get('k')).toBe(two);
  });

  it('asks first when the entry is past its grace', async () => {
    const cache = await filled();
    clock.advance(25);
    const asked = cache.get('k');
    await store.answer(two);
    expect(await asked).toBe(two);
  });

  it('serves what it has while the store is away, asking once a second, until the bound', async () => {
    const cache = await filled();
    clock.advance(25);
    const asked = cache.get('k');
    await store.fail();
    expect(await asked).toBe(one);
    expect(cache.get('k')).toBe(one);
    expect(store.asked).toHaveLength(2);
    clock.advance(1000);
    const late = cache.get('k');
    await store.fail();
    await expect(late).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('does not hide failures that are no outage', async () => {
    const cache = await filled();
    clock.advance(25);
    const asked = cache.get('k');
    await store.fail(new Error('corrupt'));
    await expect(asked).rejects.toThrow('corrupt');
  });

  it('believes for a moment that something does not exist', async () => {
    const cache = cacheOf();
    const asked = cache.get('k');
    await store.answer(undefined);
    expect(await asked).toBeUndefined();
    expect(cache.get('k')).toBeUndefined();
    clock.advance(6);
    expect(cache.get('k')).toBeInstanceOf(Promise);
  });

  it('does not keep what was loaded before an invalidation', async () => {
    const cache = cacheOf();
    const before = cache.get('k');
    cache.invalidate('k');
    const after = cache.get('k');
    await store.answer(one);
    await store.answer(two);
    expect([await before, await after]).toEqual([one, two]);
    expect(cache.get('k')).toBe(two);
  });

  it('drops entries by what they hold', async () => {
    const cache = await filled();
    expect(cache.invalidateWhere(({ text }) => text === 'two')).toEqual([]);
    expect(cache.has('k')).toBe(true);
    expect(cache.invalidateWhere(({ text }) => text === 'one')).toEqual(['k']);
    expect(cache.has('k')).toBe(false);
  });

  it('checks every entry after a gap, and still serves it when the store is away', async () => {
    const cache = await filled();
    cache.expireAll();
    const asked = cache.get('k');
    expect(asked).toBeInstanceOf(Promise);
    await store.fail();
    expect(await asked).toBe(one);
  });

  it('tells of reloads that found something else', async () => {
    const reloads: unknown[] = [];
    const cache = await filled({ onReload: (key, before, now) => reloads.push([key, before, now]) });
    clock.advance(15);
    expect(cache.get('k')).toBe(one);
    await store.answer(undefined);
    expect(reloads).toEqual([['k', one, undefined]]);
    expect(cache.get('k')).toBeUndefined();
  });

  it('reports failures of background loads and goes on serving', async () => {
    const errors: unknown[] = [];
    const cache = await filled({ onBackgroundError: (error) => errors.push(error) });
    clock.advance(15);
    expect(cache.get('k')).toBe(one);
    await store.fail();
    expect(errors).toHaveLength(1);
    expect(cache.get('k')).toBe(one);
  });

  it('holds no more than its capacity', async () => {
    const cache = await filled();
    for (const key of ['a', 'b', 'c']) {
      void cache.get(key);
      await store.answer(two);
    }
    expect([cache.has('k'), cache.has('a'), cache.has('c')]).toEqual([false, true, true]);
  });
});

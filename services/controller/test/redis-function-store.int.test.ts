import { systemClock } from '@easyfaas/service-kit';
import { AsyncKeys } from '../src/async/async-keys';
import { DEFAULT_EVENT_INVOKE_CONFIG } from '../src/async/event-invoke-config';
import { RedisEventInvokeConfigs } from '../src/async/redis-event-invoke-configs';
import type { FunctionChange } from '../src/functions/function-directory';
import { RedisFunctionStore } from '../src/functions/redis-function-store';
import { storedFunction } from '../src/functions/testing/fake-function-store';
import { eventually } from './eventually';
import { connectTo, describeWithRedis, startRedis, type RedisClient, type TestRedis } from './redis-server';

describeWithRedis('the function store in Redis', () => {
  let redis: TestRedis;
  let client: RedisClient;
  let other: RedisClient;
  let store: RedisFunctionStore;

  beforeAll(async () => {
    redis = await startRedis();
    [client, other] = await Promise.all([connectTo(redis), connectTo(redis)]);
    store = new RedisFunctionStore({ ...client, prefix: redis.prefix });
  });

  afterAll(async () => {
    client.close();
    other.close();
    await redis.stop();
  });

  it('gives back what was stored, and nothing of other accounts', async () => {
    const made = storedFunction('whole', { Environment: { Variables: { A: 'ü\n"' } }, Tags: { a: 'b' } });
    expect(await store.create(made)).toBe(true);
    expect(await store.get('default', 'whole')).toEqual(made);
    expect(await store.get('other', 'whole')).toBeUndefined();
    expect(await store.get('default', 'none')).toBeUndefined();
  });

  it('tells what the functions of an account have reserved', async () => {
    const reserving = (name: string, reserved: number, accountId = 'reserving') =>
      store.create({ ...storedFunction(name), accountId, concurrency: { ReservedConcurrentExecutions: reserved } });
    await reserving('some', 30);
    await reserving('none', 0);
    await reserving('foreign', 5, 'other');
    await store.create({ ...storedFunction('free'), accountId: 'reserving' });
    expect(await store.reservations('reserving')).toEqual(
      new Map([
        ['none', 0],
        ['some', 30],
      ]),
    );
    expect(await store.reservations('empty')).toEqual(new Map());
  });

  it('creates once, however many try at the same time', async () => {
    const attempts = Array.from({ length: 10 }, (_, index) => store.create(storedFunction('once', { RevisionId: `r${index}` })));
    expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
  });

  it('takes a creation whose answer was lost as done when it is repeated', async () => {
    const made = storedFunction('repeated', { RevisionId: 'the-same' });
    expect([await store.create(made), await store.create(made)]).toEqual([true, true]);
    expect(await store.create(storedFunction('repeated', { RevisionId: 'another' }))).toBe(false);
  });

  it('replaces the expected revision only, once', async () => {
    await store.create(storedFunction('cas', { RevisionId: 'r0' }));
    const attempts = Array.from({ length: 10 }, (_, index) => store.replace(storedFunction('cas', { RevisionId: `n${index}` }), 'r0'));
    const outcomes = await Promise.all(attempts);
    expect(outcomes.filter((outcome) => outcome === 'replaced')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'stale')).toHaveLength(9);
    expect((await store.get('default', 'cas'))?.configuration.RevisionId).toBe(`n${outcomes.indexOf('replaced')}`);
    expect(await store.replace(storedFunction('nothing'), 'r0')).toBe('missing');
  });

  it('deletes, also only the expected revision', async () => {
    await store.create(storedFunction('gone', { RevisionId: 'r1' }));
    expect(await store.delete('default', 'gone', 'r0')).toBe('stale');
    expect(await store.delete('default', 'gone', 'r1')).toBe('deleted');
    expect(await store.delete('default', 'gone')).toBe('missing');
    expect((await store.list('default', { limit: 100 })).functions.map((each) => each.configuration.FunctionName)).not.toContain('gone');
  });

  it('deletes with a function what was said of its events, also for who has just read it, and nothing of others', async () => {
    const configs = new RedisEventInvokeConfigs({ redis: client.redis, keys: new AsyncKeys(redis.prefix), clock: systemClock });
    store.onChange(({ commitId }) => void (commitId === undefined && configs.forget()));
    const kept = ['heir2', 'heir-', 'other'];
    for (const functionName of ['heir', ...kept]) {
      await store.create(storedFunction(functionName));
      for (const qualifier of ['$LATEST', 'live', '1']) {
        await configs.put({ accountId: 'default', functionName, qualifier }, { MaximumRetryAttempts: 7, DestinationConfig: {} });
      }
    }
    const live = { accountId: 'default', functionName: 'heir', qualifier: 'live' };
    expect(await configs.effective(live)).toMatchObject({ MaximumRetryAttempts: 7 });
    expect(await store.delete('default', 'heir', 'not this one')).toBe('stale');
    expect((await configs.ofFunction('default', 'heir')).size).toBe(3);
    expect(await store.delete('default', 'heir')).toBe('deleted');
    await store.create(storedFunction('heir'));
    expect(await configs.ofFunction('default', 'heir')).toEqual(new Map());
    expect(await configs.effective(live)).toEqual(DEFAULT_EVENT_INVOKE_CONFIG);
    for (const functionName of kept) expect((await configs.ofFunction('default', functionName)).size).toBe(3);
  });

  it('lists an account in order of names, page by page', async () => {
    const names = ['B', 'a', 'a-1', 'a_1', 'b', '0', 'z'];
    for (const name of names) await store.create({ ...storedFunction(name), accountId: 'lists' });
    const seen: string[] = [];
    let marker: string | undefined;
    do {
      const page = await store.list('lists', { limit: 3, ...(marker === undefined ? {} : { marker }) });
      seen.push(...page.functions.map((each) => each.configuration.FunctionName));
      marker = page.nextMarker;
    } while (marker !== undefined);
    expect(seen).toEqual([...names].sort());
    expect((await store.list('nobody', { limit: 3 })).functions).toEqual([]);
  });

  it('tells its own listeners before a write settles, and other controllers soon after; nobody twice', async () => {
    const remote = new RedisFunctionStore({ ...other, prefix: redis.prefix });
    const [here, there]: [FunctionChange[], FunctionChange[]] = [[], []];
    store.onChange((change) => here.push(change));
    remote.onChange((change) => there.push(change));
    const expected: FunctionChange[] = [
      { accountId: 'default', functionName: 'told', commitId: 'commit-1' },
      { accountId: 'default', functionName: 'told', commitId: 'commit-2' },
      { accountId: 'default', functionName: 'told' },
    ];
    // The subscription is there when a first notice arrives.
    await eventually(async () => {
      await store.delete('default', 'probe');
      await store.create(storedFunction('probe'));
      expect(there).not.toEqual([]);
    }, 5000);
    here.length = 0;
    there.length = 0;
    await store.create(storedFunction('told', { RevisionId: 'r1' }));
    expect(here).toEqual(expected.slice(0, 1));
    await store.replace(storedFunction('told', { RevisionId: 'r2', CommitId: 'commit-2' }), 'r1');
    await store.delete('default', 'told');
    expect(here).toEqual(expected);
    await eventually(() => expect(there.slice(-3)).toEqual(expected), 20_000);
    expect(here).toEqual(expected);
  });

  it('says that a document cannot be read rather than giving it out', async () => {
    await store.create(storedFunction('corrupt'));
    await client.redis.hset(`${redis.prefix}:function:default:corrupt`, 'doc', '{"accountId":"default"}');
    await expect(store.get('default', 'corrupt')).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('reads documents of a newer version, with members that it does not know', async () => {
    const newer = { ...storedFunction('newer'), ofTheFuture: ['x'] };
    await store.create(newer);
    expect(await store.get('default', 'newer')).toMatchObject({ accountId: 'default' });
  });
});

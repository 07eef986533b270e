import { FakeClock, silentLogger } from '@easyfaas/service-kit';
import { CachedFunctionDirectory } from './cached-function-directory';
import type { FunctionChange } from './function-directory';
import { FakeFunctionStore, storedFunction } from './testing/fake-function-store';

describe('the directory', () => {
  let clock: FakeClock;
  let store: FakeFunctionStore;
  let directory: CachedFunctionDirectory;
  let changes: FunctionChange[];

  beforeEach(async () => {
    clock = new FakeClock();
    store = new FakeFunctionStore();
    directory = new CachedFunctionDirectory({ store, clock, logger: silentLogger() });
    changes = [];
    await store.create(storedFunction('f'));
    directory.onChange((change) => changes.push(change));
  });

  const find = async (name = 'f', qualifier = '$LATEST', accountId = 'default'): Promise<string> =>
    (await directory.find(accountId, name, qualifier)).configuration.CommitId;
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };

  it('answers synchronously once it knows a function', async () => {
    expect(await find()).toBe('commit-1');
    expect(directory.find('default', 'f', '$LATEST')).not.toBeInstanceOf(Promise);
    expect(store.gets).toBe(1);
  });

  it('sees an update with its notice', async () => {
    await find();
    await store.replace(storedFunction('f', { CommitId: 'commit-2', RevisionId: 'r2' }), 'revision-1');
    expect(await find()).toBe('commit-2');
    expect(changes).toEqual([{ accountId: 'default', functionName: 'f', commitId: 'commit-2' }]);
  });

  it('sees a deletion with its notice', async () => {
    await find();
    await store.delete('default', 'f');
    await expect(find()).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    expect(changes).toEqual([{ accountId: 'default', functionName: 'f' }]);
  });

  it('sees a new function although it was asked for it a moment ago', async () => {
    await expect(find('g')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    await store.create(storedFunction('g'));
    expect(await find('g')).toBe('commit-1');
  });

  it('does not ask the store for each call of a name that does not exist', async () => {
    await expect(find('g')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    await expect(find('g')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    expect(store.gets).toBe(1);
  });

  it('keeps accounts apart', async () => {
    await expect(find('f', '$LATEST', 'other')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
  });

  it('knows only $LATEST', async () => {
    await expect(find('f', '7')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND', message: expect.stringContaining('7') as string });
  });

  it('tells of a change whose notice was lost when it loads the function again', async () => {
    await find();
    store.functions.set('default:f', storedFunction('f', { CommitId: 'commit-2' }));
    clock.advance(31_000);
    expect(await find()).toBe('commit-1');
    await settle();
    expect(await find()).toBe('commit-2');
    expect(changes).toEqual([{ accountId: 'default', functionName: 'f', commitId: 'commit-2' }]);
  });

  it('checks what it has after a gap of the notices', async () => {
    await find();
    store.functions.delete('default:f');
    store.gap();
    await expect(find()).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    expect(changes).toEqual([{ accountId: 'default', functionName: 'f' }]);
  });

  it('goes on with what it knows while the store is away, up to an hour', async () => {
    await find();
    store.isAway = true;
    clock.advance(600_000);
    expect(await find()).toBe('commit-1');
    await expect(find('g')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    clock.advance(3_600_000);
    await expect(find()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

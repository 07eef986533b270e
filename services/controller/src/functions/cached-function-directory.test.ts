import type { AliasConfiguration } from '@easyfaas/contracts/wire';
import { FakeClock, silentLogger } from '@easyfaas/service-kit';
import { CachedFunctionDirectory } from './cached-function-directory';
import type { DeletedVersion, FunctionChange } from './function-directory';
import { FakeFunctionStore, storedFunction } from './testing/fake-function-store';

describe('the directory', () => {
  let clock: FakeClock;
  let store: FakeFunctionStore;
  let directory: CachedFunctionDirectory;
  let chance = 0;
  let changes: FunctionChange[];

  beforeEach(async () => {
    clock = new FakeClock();
    store = new FakeFunctionStore();
    directory = new CachedFunctionDirectory({ store, clock, logger: silentLogger(), random: () => chance });
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

  it('knows a function that was just deployed before its first call', async () => {
    await settle();
    expect(directory.find('default', 'f', '$LATEST')).not.toBeInstanceOf(Promise);
    await store.replace(storedFunction('f', { CommitId: 'commit-2', RevisionId: 'r2' }), 'revision-1');
    await settle();
    expect(directory.find('default', 'f', '$LATEST')).toMatchObject({ configuration: { CommitId: 'commit-2' } });
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
    const before = store.gets;
    await expect(find('g')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    await expect(find('g')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    expect(store.gets).toBe(before + 1);
  });

  it('keeps accounts apart', async () => {
    await expect(find('f', '$LATEST', 'other')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
  });

  it('says which version or alias there is not', async () => {
    await expect(find('f', '7')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND', message: expect.stringContaining('7') as string });
    await expect(find('f', 'live')).rejects.toMatchObject({ message: expect.stringContaining('live') as string });
  });

  describe('with versions and aliases', () => {
    const key = { accountId: 'default', functionName: 'f' };
    const alias = (FunctionVersion: string, weights?: Record<string, number>): AliasConfiguration => ({
      AliasArn: 'arn',
      Name: 'live',
      FunctionVersion,
      Description: '',
      RevisionId: `alias-${FunctionVersion}`,
      ...(weights === undefined ? {} : { RoutingConfig: { AdditionalVersionWeights: weights } }),
    });

    beforeEach(async () => {
      for (const Version of ['1', '2']) {
        await store.versions.add(storedFunction('f', { Version, CommitId: `commit-of-${Version}` }), 'revision-1');
      }
      await store.versions.putAlias(key, alias('1', { '2': 0.25 }), undefined);
      chance = 0.5;
    });

    it('finds both, the second time without asking the store', async () => {
      expect([await find('f', '1'), await find('f', '2'), await find('f', 'live')]).toEqual(['commit-of-1', 'commit-of-2', 'commit-of-1']);
      const gets = store.versions.gets;
      for (const qualifier of ['1', '2', 'live']) expect(directory.find('default', 'f', qualifier)).not.toBeInstanceOf(Promise);
      expect(store.versions.gets).toBe(gets);
      expect(directory.find('default', 'f', '1')).toBe(directory.find('default', 'f', 'live'));
    });

    it('chooses between the versions of an alias anew for each call', async () => {
      chance = 0.24;
      expect(await find('f', 'live')).toBe('commit-of-2');
      chance = 0.25;
      expect(await find('f', 'live')).toBe('commit-of-1');
    });

    it('follows an alias at once when it is changed, and no longer when it is deleted', async () => {
      expect(await find('f', 'live')).toBe('commit-of-1');
      await store.versions.putAlias(key, alias('2'), 'alias-1');
      expect(await find('f', 'live')).toBe('commit-of-2');
      await store.versions.putAlias(key, alias('$LATEST'), 'alias-2');
      expect(await find('f', 'live')).toBe('commit-1');
      await store.versions.deleteAlias(key, 'live');
      await expect(find('f', 'live')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    });

    it('sees a version that is published although it was asked for it a moment ago', async () => {
      await expect(find('f', '3')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
      await store.versions.add(storedFunction('f', { Version: '3', CommitId: 'commit-of-3' }), 'revision-1');
      expect(await find('f', '3')).toBe('commit-of-3');
    });

    it('tells of a deleted version and finds it no more', async () => {
      const deleted: DeletedVersion[] = [];
      directory.onVersionDeleted((each) => deleted.push(each));
      expect(await find('f', '2')).toBe('commit-of-2');
      await store.versions.putAlias(key, alias('1'), 'alias-1');
      await store.versions.delete(key, '2');
      await expect(find('f', '2')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
      expect(deleted).toEqual([{ ...key, version: '2' }]);
      expect(changes).toEqual([]);
    });

    it('finds no version of a function that was deleted and made anew', async () => {
      expect(await find('f', '1')).toBe('commit-of-1');
      await store.delete('default', 'f');
      await store.create(storedFunction('f'));
      await expect(find('f', '1')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    });

    it('gives a version the limits of its function, as they are now', async () => {
      expect((await directory.find('default', 'f', '1')).concurrency).toEqual({});
      const limited = { ...storedFunction('f', { RevisionId: 'r2' }), concurrency: { ReservedConcurrentExecutions: 2 } };
      await store.replace(limited, 'revision-1');
      expect((await directory.find('default', 'f', '1')).concurrency).toEqual({ ReservedConcurrentExecutions: 2 });
    });
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

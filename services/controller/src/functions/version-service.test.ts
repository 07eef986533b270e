import type { StoredFunction } from '@easyfaas/contracts/wire';
import { FakeClock } from '@easyfaas/service-kit';
import { AliasService } from './alias-service';
import { FunctionUpdates } from './function-updates';
import { FakeFunctionStore, storedFunction } from './testing/fake-function-store';
import { UrlPermissions } from './url-permissions';
import { VersionService } from './version-service';

const KEY = { accountId: 'default', functionName: 'f' };

describe('versions and aliases', () => {
  let store: FakeFunctionStore;
  let versions: VersionService;
  let aliases: AliasService;
  let urlPermissions: UrlPermissions;
  let revision: number;

  beforeEach(async () => {
    store = new FakeFunctionStore();
    revision = 0;
    const shared = { store, region: 'local', clock: new FakeClock(Date.UTC(2030, 0, 1)), newRevisionId: () => `new-${++revision}` };
    versions = new VersionService(shared);
    const updates = new FunctionUpdates({ ...shared, settlements: { start: () => undefined } });
    urlPermissions = new UrlPermissions({ store, updates });
    aliases = new AliasService({ ...shared, urlPermissions });
    await store.create(storedFunction('f'));
  });

  const change = async (more: Partial<StoredFunction['configuration']>): Promise<void> => {
    const current = (await store.get('default', 'f')) as StoredFunction;
    await store.replace({ ...current, configuration: { ...current.configuration, ...more } }, current.configuration.RevisionId);
  };
  const publish = async (commitId: string): Promise<StoredFunction> => {
    await change({ CommitId: commitId, RevisionId: `of-${commitId}` });
    return versions.publish(KEY, {});
  };
  const numbersOf = (page: { versions: StoredFunction[] }): string[] => page.versions.map(({ configuration }) => configuration.Version);

  describe('publishing', () => {
    it('keeps what the function is now under the next number', async () => {
      const made = await versions.publish(KEY, { Description: 'first' });
      expect(made.configuration).toMatchObject({
        Version: '1',
        FunctionArn: 'brn:cloud:faas:local:default:function:f:1',
        Description: 'first',
        CommitId: 'commit-1',
        LastModified: '2030-01-01T00:00:00.000Z',
      });
      expect((await publish('commit-2')).configuration.Version).toBe('2');
      expect((await versions.read(KEY, '1')).configuration).toEqual(made.configuration);
    });

    it('gives the last version again while nothing has changed, whatever the request calls it', async () => {
      const made = await versions.publish(KEY, { Description: 'words of its own' });
      expect(await versions.publish(KEY, { Description: 'x' })).toEqual(made);
      expect(await versions.publish(KEY, {})).toEqual(made);
      expect((await publish('commit-2')).configuration.Version).toBe('2');
      expect((await publish('commit-1')).configuration.Version).toBe('3');
    });

    it('makes a new version of a function that has a new description', async () => {
      await versions.publish(KEY, {});
      await change({ Description: 'other words', RevisionId: 'r2' });
      expect((await versions.publish(KEY, {})).configuration).toMatchObject({ Version: '2', Description: 'other words' });
      expect((await versions.publish(KEY, { Description: 'third' })).configuration.Version).toBe('2');
    });

    it('never gives a number twice', async () => {
      await publish('commit-2');
      await versions.delete(KEY, '1');
      expect((await versions.publish(KEY, {})).configuration.Version).toBe('2');
    });

    it('publishes only the code or the revision that was named', async () => {
      await expect(versions.publish(KEY, { CodeSha256: 'y' })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
      await expect(versions.publish(KEY, { RevisionId: 'r0' })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
      expect((await versions.publish(KEY, { CodeSha256: 'x', RevisionId: 'revision-1' })).configuration.Version).toBe('1');
    });

    it('is refused while the function is not active, and without a function', async () => {
      await change({ State: 'Pending' });
      await expect(versions.publish(KEY, {})).rejects.toMatchObject({ code: 'NOT_READY' });
      await expect(versions.publish({ ...KEY, functionName: 'g' }, {})).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    });
  });

  it('lists $LATEST and then the versions by number, in pages of any size', async () => {
    for (const commit of ['a', 'b', 'c']) await publish(commit);
    expect(numbersOf(await versions.list(KEY, { limit: 10 }))).toEqual(['$LATEST', '1', '2', '3']);
    for (const limit of [1, 2, 3]) {
      const seen: string[] = [];
      let after: number | undefined;
      do {
        const page = await versions.list(KEY, { limit, ...(after === undefined ? {} : { after }) });
        expect(page.versions.length).toBeLessThanOrEqual(limit);
        seen.push(...numbersOf(page));
        after = page.nextAfter;
      } while (after !== undefined);
      expect(seen).toEqual(['$LATEST', '1', '2', '3']);
    }
  });

  it('deletes a version by its number, and none that an alias needs', async () => {
    await publish('a');
    await publish('b');
    await aliases.create(KEY, { Name: 'live', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 0.1 } } });
    await expect(versions.delete(KEY, '2')).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('live') as string });
    await aliases.update(KEY, 'live', { RoutingConfig: {} });
    await versions.delete(KEY, '2');
    await expect(versions.read(KEY, '2')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    await expect(versions.delete(KEY, '2')).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    for (const wrong of ['$LATEST', 'live', '0', '-1']) {
      await expect(versions.delete(KEY, wrong)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    }
  });

  describe('an alias', () => {
    beforeEach(async () => {
      await publish('a');
      await publish('b');
    });

    it('is made, read, moved back and forth, and deleted', async () => {
      const made = await aliases.create(KEY, { Name: 'live', FunctionVersion: '2' });
      expect(made).toMatchObject({ AliasArn: 'brn:cloud:faas:local:default:function:f:live', FunctionVersion: '2', Description: '' });
      expect(await aliases.read(KEY, 'live')).toEqual(made);
      expect((await versions.read(KEY, 'live')).configuration.Version).toBe('2');
      await aliases.update(KEY, 'live', { FunctionVersion: '1' });
      expect((await versions.read(KEY, 'live')).configuration.Version).toBe('1');
      await aliases.delete(KEY, 'live');
      await expect(aliases.read(KEY, 'live')).rejects.toMatchObject({ code: 'ALIAS_NOT_FOUND' });
      await expect(aliases.delete(KEY, 'live')).rejects.toMatchObject({ code: 'ALIAS_NOT_FOUND' });
    });

    it('keeps what an update does not name; its weights are replaced as a whole', async () => {
      await aliases.create(KEY, {
        Name: 'live',
        FunctionVersion: '1',
        Description: 'd',
        RoutingConfig: { AdditionalVersionWeights: { '2': 0.1 } },
      });
      expect(await aliases.update(KEY, 'live', { Description: 'e' })).toMatchObject({
        FunctionVersion: '1',
        Description: 'e',
        RoutingConfig: { AdditionalVersionWeights: { '2': 0.1 } },
      });
      expect(await aliases.update(KEY, 'live', { FunctionVersion: '2', RoutingConfig: {} })).not.toHaveProperty('RoutingConfig');
    });

    it('takes with it what was said of its function URL', async () => {
      const statement = { statementId: 'all', action: 'lambda:InvokeFunctionUrl' as const };
      await publish('c1');
      for (const Name of ['live', 'next']) {
        await aliases.create(KEY, { Name, FunctionVersion: '1' });
        await urlPermissions.add({ ...KEY, qualifier: Name }, statement);
      }
      await aliases.delete(KEY, 'live');
      expect((await store.get('default', 'f'))?.urlPermissions).toEqual({ next: [statement] });
    });

    it('is changed and deleted only at the expected revision', async () => {
      const { RevisionId } = await aliases.create(KEY, { Name: 'live', FunctionVersion: '1' });
      const changed = await aliases.update(KEY, 'live', { FunctionVersion: '2' }, RevisionId);
      expect(changed.RevisionId).not.toBe(RevisionId);
      await expect(aliases.update(KEY, 'live', { FunctionVersion: '1' }, RevisionId)).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
      });
      await expect(aliases.delete(KEY, 'live', RevisionId)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
      expect((await aliases.read(KEY, 'live')).FunctionVersion).toBe('2');
    });

    it('is made once, and only of versions that there are', async () => {
      await aliases.create(KEY, { Name: 'live', FunctionVersion: '1' });
      await expect(aliases.create(KEY, { Name: 'live', FunctionVersion: '1' })).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(aliases.create(KEY, { Name: 'x', FunctionVersion: '9' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
      await expect(aliases.create({ ...KEY, functionName: 'g' }, { Name: 'x', FunctionVersion: '1' })).rejects.toMatchObject({
        code: 'FUNCTION_NOT_FOUND',
      });
    });

    it.each<[string, string, Record<string, number>]>([
      ['two further versions', '1', { '2': 0.1, '3': 0.1 }],
      ['its own version again', '1', { '1': 0.1 }],
      ['$LATEST beside a version', '1', { $LATEST: 0.1 }],
      ['a version beside $LATEST', '$LATEST', { '1': 0.1 }],
      ['a version that there is not', '1', { '9': 0.1 }],
      ['another alias', '1', { live: 0.1 }],
    ])('cannot have %s', async (_what, FunctionVersion, AdditionalVersionWeights) => {
      const attempt = aliases.create(KEY, { Name: 'x', FunctionVersion, RoutingConfig: { AdditionalVersionWeights } });
      await expect(attempt).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    });
  });
});

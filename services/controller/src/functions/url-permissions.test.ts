import type { StoredUrlPermission } from '@easyfaas/contracts/wire';
import { FakeClock } from '@easyfaas/service-kit';
import { FunctionUpdates } from './function-updates';
import { FakeFunctionStore, storedFunction } from './testing/fake-function-store';
import { UrlPermissions, urlPermissionsOf } from './url-permissions';
import { VersionService } from './version-service';

const FUNCTION = { accountId: 'default', functionName: 'f' };
const KEY = { ...FUNCTION, qualifier: '$LATEST' };
const LIVE = { ...FUNCTION, qualifier: 'live' };
const statement = (statementId: string): StoredUrlPermission => ({ statementId, action: 'lambda:InvokeFunctionUrl' });

describe('statements that everybody may call a function URL', () => {
  let store: FakeFunctionStore;
  let permissions: UrlPermissions;
  let newRevisionId: () => string;

  beforeEach(async () => {
    store = new FakeFunctionStore();
    let revision = 1;
    newRevisionId = () => `revision-${++revision}`;
    const updates = new FunctionUpdates({ store, clock: new FakeClock(), newRevisionId, settlements: { start: () => undefined } });
    permissions = new UrlPermissions({ store, updates });
    await store.create(storedFunction('f'));
  });

  it('belong to one URL each, and leave nothing behind', async () => {
    await permissions.add(KEY, statement('a'));
    const both = await permissions.add(LIVE, statement('a'));
    expect(both.urlPermissions).toEqual({ $LATEST: [statement('a')], live: [statement('a')] });
    expect((await permissions.remove(KEY, 'a')).urlPermissions).toEqual({ live: [statement('a')] });
    expect(await permissions.remove(LIVE, 'a')).not.toHaveProperty('urlPermissions');
  });

  it('may be of an alias whose name every object has as a member', async () => {
    const odd = { ...FUNCTION, qualifier: 'constructor' };
    expect((await permissions.add(odd, statement('a'))).urlPermissions).toEqual({ constructor: [statement('a')] });
    expect(urlPermissionsOf(await permissions.add(KEY, statement('a')), 'toString')).toEqual([]);
  });

  it('are refused twice, of a revision that has gone by, and beyond the limit', async () => {
    const added = await permissions.add(KEY, statement('a'));
    await expect(permissions.add(KEY, statement('a'))).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(permissions.add(KEY, statement('b'), 'revision-1')).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await permissions.add(KEY, statement('b'), added.configuration.RevisionId);
    for (let n = 2; n < 20; n += 1) await permissions.add(KEY, statement(`s-${n}`));
    await expect(permissions.add(KEY, statement('c'))).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('make no new container, and are no part of a version', async () => {
    const before = await permissions.add(KEY, statement('a'));
    const after = await permissions.add(KEY, statement('b'));
    expect(after.configuration.CommitId).toBe(before.configuration.CommitId);
    const versions = new VersionService({ store, region: 'local', clock: new FakeClock(), newRevisionId });
    expect(await versions.publish(FUNCTION, {})).not.toHaveProperty('urlPermissions');
  });
});

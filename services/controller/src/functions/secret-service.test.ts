import type { StoredFunction } from '@easyfaas/contracts/wire';
import { FakeClock } from '@easyfaas/service-kit';
import { SecretBox } from '../secrets/secret-box';
import { CachedFunctionDirectory } from './cached-function-directory';
import { FunctionUpdates } from './function-updates';
import { SecretService, openSecrets } from './secret-service';
import { FakeFunctionStore, storedFunction } from './testing/fake-function-store';
import { VersionService } from './version-service';
import { silentLogger } from '@easyfaas/service-kit';

const KEY = { accountId: 'default', functionName: 'f' };
const VALUE = 'hunter2-planted';

describe('the secrets of a function', () => {
  const box = new SecretBox(Buffer.alloc(32, 7));
  let store: FakeFunctionStore;
  let secrets: SecretService;
  let versions: VersionService;
  let revision: number;

  beforeEach(async () => {
    store = new FakeFunctionStore();
    revision = 0;
    const shared = { store, region: 'local', clock: new FakeClock(Date.UTC(2030, 0, 1)), newRevisionId: () => `new-${++revision}` };
    const updates = new FunctionUpdates({ ...shared, settlements: { start: () => undefined } });
    secrets = new SecretService({ ...shared, updates, box });
    versions = new VersionService(shared);
    await store.create(updates.stamped(storedFunction('f')));
  });

  const stored = async (): Promise<StoredFunction> => (await store.get('default', 'f')) as StoredFunction;

  it('are shown by name and time only, and last sealed only', async () => {
    const view = { Name: 'DB_PASSWORD', LastModified: '2030-01-01T00:00:00.000Z' };
    expect(await secrets.put(KEY, 'DB_PASSWORD', VALUE)).toEqual(view);
    await secrets.put(KEY, 'A', 'x');
    expect(await secrets.read(KEY, 'DB_PASSWORD')).toEqual(view);
    expect((await secrets.list(KEY)).map(({ Name }) => Name)).toEqual(['A', 'DB_PASSWORD']);
    expect(JSON.stringify(await stored())).not.toContain(VALUE);
    expect(openSecrets(box, await stored())).toEqual({ DB_PASSWORD: VALUE, A: 'x' });
  });

  it('give the function another commit each time they are set, also to the same value', async () => {
    const commits = [(await stored()).configuration.CommitId];
    for (const value of [VALUE, 'other', 'other']) {
      await secrets.put(KEY, 'A', value);
      commits.push((await stored()).configuration.CommitId);
    }
    expect(new Set(commits).size).toBe(4);
    await secrets.delete(KEY, 'A');
    expect((await stored()).configuration.CommitId).toBe(commits[0]);
    expect(await stored()).not.toHaveProperty('secrets');
  });

  it('do not open in another function', async () => {
    await secrets.put(KEY, 'A', VALUE);
    const thief = { ...storedFunction('g'), secrets: (await stored()).secrets ?? {} };
    expect(() => openSecrets(box, thief)).toThrow(/belongs elsewhere/);
  });

  it('are the function’s, not a version’s: versions get the values of now, with a commit of their own', async () => {
    await secrets.put(KEY, 'A', 'before');
    const { configuration } = await versions.publish(KEY, {});
    expect(JSON.stringify(await store.versions.get(KEY, '1'))).not.toContain('sealed');
    const directory = new CachedFunctionDirectory({ store, clock: new FakeClock(), logger: silentLogger(), random: () => 0 });
    const before = await directory.find('default', 'f', '1');
    await secrets.put(KEY, 'A', 'after');
    expect((await versions.publish(KEY, {})).configuration.Version).toBe('1');
    const after = await directory.find('default', 'f', '1');
    expect([openSecrets(box, before), openSecrets(box, after)]).toEqual([{ A: 'before' }, { A: 'after' }]);
    expect(new Set([configuration.CommitId, before.configuration.CommitId, after.configuration.CommitId]).size).toBe(3);
  });

  it.each(['PATH', 'EASYFAAS_TOKEN', 'NODE_OPTIONS', 'LD_PRELOAD', '../../etc', 'a b', 'A=B', '__proto__ ', '', '1A'])(
    'cannot be called %j',
    async (name) => {
      const code: unknown = await secrets.put(KEY, name, 'x').catch((error: { code: string }) => error.code);
      expect(['RESERVED_ENV', 'VALIDATION_FAILED']).toContain(code);
    },
  );

  it('have limits, which name themselves and not the value', async () => {
    for (const value of ['', 'a\0b', VALUE.repeat(3000)]) {
      const error: unknown = await secrets.put(KEY, 'A', value).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'VALIDATION_FAILED', message: expect.not.stringContaining(VALUE) as string });
    }
    for (let index = 0; index < 32; index += 1) await secrets.put(KEY, `S${index}`, 'x');
    await expect(secrets.put(KEY, 'ONE_MORE', 'x')).rejects.toThrow(/32 secrets/);
    await secrets.put(KEY, 'S0', 'y');
  });

  it('of an unknown name or function do not exist', async () => {
    await expect(secrets.read(KEY, 'toString')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
    await expect(secrets.delete(KEY, 'A')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
    const other = { ...KEY, functionName: 'g' };
    for (const work of [secrets.list(other), secrets.put(other, 'A', 'x'), secrets.delete(other, 'A'), secrets.read(other, 'A')]) {
      await expect(work).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    }
  });
});

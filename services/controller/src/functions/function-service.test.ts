import type { RuntimeManifest, StoredFunction } from '@easyfaas/contracts/wire';
import { FakeClock, ServiceError, silentLogger } from '@easyfaas/service-kit';
import { SecretBox } from '../secrets/secret-box';
import { FunctionService } from './function-service';
import { Reservations } from './reservations';
import type { PackageStore, Upload } from './package-store';
import { FakeFunctionStore } from './testing/fake-function-store';

const NODE: RuntimeManifest = {
  name: 'nodejs20',
  title: 'Node.js 20',
  command: '/bin/node',
  args: [],
  handlerPattern: '^.+\\..+$',
  handlerExample: 'index.handler',
  entryFile: 'index.js',
  sourceContentTypes: [],
  image: 'x',
};
const SETTINGS = { Runtime: 'nodejs20', Handler: 'index.handler' };

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

describe('the function service', () => {
  let store: FakeFunctionStore;
  let stored: number;
  let prepared: string[];
  let prepareCode: (sha256: string, wish: object) => Promise<void>;
  let clock: FakeClock;
  let revision: number;

  beforeEach(() => {
    store = new FakeFunctionStore();
    stored = 0;
    prepared = [];
    revision = 0;
    clock = new FakeClock(Date.UTC(2030, 0, 1));
    prepareCode = async (sha256) => void prepared.push(sha256);
  });

  const packages: PackageStore = {
    async put({ bytes }: Upload) {
      stored += 1;
      let sizeBytes = 0;
      for await (const chunk of bytes) sizeBytes += chunk.length;
      return { sha256: String(sizeBytes).padStart(64, '0'), sizeBytes, unpackedBytes: sizeBytes };
    },
  };

  const service = (): FunctionService =>
    new FunctionService({
      store,
      reservations: new Reservations({ store, accountLimit: 1000 }),
      packages,
      runtimes: new Map([['nodejs20', NODE]]),
      region: 'local',
      clock,
      newRevisionId: () => `revision-${++revision}`,
      logger: silentLogger(),
      unpackedBytesMax: 1000,
      secretBox: new SecretBox(Buffer.alloc(32, 7)),
      prepareCode: (sha256, wish) => prepareCode(sha256, wish),
      admitNetwork: ({ NetworkMode }) => {
        if (NetworkMode === 'egress') throw new ServiceError('EGRESS_FORBIDDEN', 'not here');
      },
    });

  const created = async (): Promise<FunctionService> => {
    const it = service();
    await it.create('default', 'f', SETTINGS, { bytes: bytesOf('abc') });
    return it;
  };

  it('creates a function that becomes active when its code is prepared', async () => {
    const it = service();
    const made = await it.create('tenant', 'f', { ...SETTINGS, ReservedConcurrentExecutions: 2 }, { bytes: bytesOf('abc') });
    expect(made).toMatchObject({
      accountId: 'tenant',
      configuration: {
        FunctionArn: 'brn:cloud:faas:local:tenant:function:f',
        Uid: 'tenant',
        State: 'Pending',
        CodeSize: 3,
        LastModified: '2030-01-01T00:00:00.000Z',
        RevisionId: 'revision-1',
      },
      concurrency: { ReservedConcurrentExecutions: 2 },
    });
    const settled = await it.settled(made);
    expect(prepared).toEqual([made.code.sha256]);
    expect(settled.configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful', RevisionId: 'revision-1' });
  });

  it('lists those with a tag, page by page', async () => {
    const it = service();
    for (const [name, team] of [
      ['a', '1'],
      ['b', '2'],
      ['c', '1'],
      ['d', '1'],
    ] as const) {
      await it.create('default', name, { ...SETTINGS, Tags: { team } }, { bytes: bytesOf(name) });
    }
    const namesOf = (page: { functions: StoredFunction[] }): string[] =>
      page.functions.map(({ configuration }) => configuration.FunctionName);
    const first = await it.list('default', { limit: 2 }, { key: 'team', value: '1' });
    expect([namesOf(first), first.nextMarker]).toEqual([['a', 'c'], 'c']);
    const second = await it.list('default', { limit: 2, marker: 'c' }, { key: 'team', value: '1' });
    expect([namesOf(second), second.nextMarker]).toEqual([['d'], undefined]);
    expect(namesOf(await it.list('default', { limit: 9 }, { key: 'none' }))).toEqual([]);
  });

  it('stores no package for settings that are wrong', async () => {
    await expect(service().create('default', 'f', { ...SETTINGS, Runtime: 'cobol' }, { bytes: bytesOf('abc') })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    expect(stored).toBe(0);
  });

  it('refuses a network that the operator forbids, at create and at update', async () => {
    await expect(service().create('default', 'f', { ...SETTINGS, NetworkMode: 'egress' }, { bytes: bytesOf('x') })).rejects.toMatchObject({
      code: 'EGRESS_FORBIDDEN',
    });
    expect(stored).toBe(0);
    await expect((await created()).updateConfiguration('default', 'f', { NetworkMode: 'egress' })).rejects.toMatchObject({
      code: 'EGRESS_FORBIDDEN',
    });
  });

  it('is not disturbed by a funclet that cannot prepare', async () => {
    prepareCode = async () => {
      throw new ServiceError('FUNCLET_UNAVAILABLE', 'away');
    };
    await expect(created()).resolves.toBeDefined();
  });

  it('refuses a name that is taken, before and after the upload', async () => {
    const it = await created();
    await expect(it.assertAbsent('default', 'f')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(it.create('default', 'f', SETTINGS, { bytes: bytesOf('x') })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(it.assertAbsent('tenant', 'f')).resolves.toBeUndefined();
  });

  it('repeats an update that somebody else overtook, on top of theirs', async () => {
    const it = await created();
    await it.settled(await it.read('default', 'f'));
    const replace = store.replace.bind(store);
    store.replace = async (updated, expected) => {
      store.replace = replace;
      await it.updateConfiguration('default', 'f', { Timeout: 9 });
      return replace(updated, expected);
    };
    expect((await it.updateConfiguration('default', 'f', { MemorySize: 200 })).configuration).toMatchObject({
      Timeout: 9,
      MemorySize: 200,
    });
  });

  it('gives up after some times', async () => {
    const it = await created();
    store.replace = async () => 'stale';
    await expect(it.updateConfiguration('default', 'f', { Timeout: 9 })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('changes only the revision that was expected', async () => {
    const it = await created();
    await expect(it.updateConfiguration('default', 'f', { Timeout: 9 }, 'revision-0')).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    await expect(it.delete('default', 'f', 'revision-0')).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect((await it.updateConfiguration('default', 'f', { Timeout: 9 }, 'revision-1')).configuration.RevisionId).toBe('revision-2');
  });

  it('keeps the configuration when the code changes, and the code when the configuration changes', async () => {
    const it = await created();
    await it.updateConfiguration('default', 'f', { Timeout: 9 });
    const updated = await it.updateCode('default', 'f', { bytes: bytesOf('abcdef') });
    expect(updated).toMatchObject({ configuration: { Timeout: 9, CodeSize: 6 }, code: { sizeBytes: 6 } });
    const again = await it.updateConfiguration('default', 'f', { Timeout: 10 });
    expect(again.code).toEqual(updated.code);
    expect(again.configuration.CommitId).not.toBe(updated.configuration.CommitId);
  });

  it('comes back to the same commit with the same code', async () => {
    const it = await created();
    const first = (await it.read('default', 'f')).configuration.CommitId;
    await it.updateCode('default', 'f', { bytes: bytesOf('abcdef') });
    expect((await it.updateCode('default', 'f', { bytes: bytesOf('abc') })).configuration.CommitId).toBe(first);
  });

  it('finds nothing that is not there', async () => {
    const it = service();
    const missing = { code: 'FUNCTION_NOT_FOUND' };
    await expect(it.read('default', 'f')).rejects.toMatchObject(missing);
    await expect(it.delete('default', 'f')).rejects.toMatchObject(missing);
    await expect(it.setConcurrency('default', 'f', {})).rejects.toMatchObject(missing);
  });
});

import { mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS, zipSingleFile } from '@easyfaas/code-package';
import { FakeClock, silentLogger, systemClock } from '@easyfaas/service-kit';
import { DiskPackageStore } from '../src/functions/disk-package-store';
import { PackageSweep } from '../src/functions/package-sweep';
import { RedisFunctionStore } from '../src/functions/redis-function-store';
import { storedFunction } from '../src/functions/testing/fake-function-store';
import { eventually } from './eventually';
import { connectTo, describeWithPrivateRedis, startPrivateRedis, type PrivateRedis, type RedisClient } from './redis-server';

const TEN_MINUTES_MS = 10 * 60_000;
const TWO_HOURS_MS = 2 * 60 * 60_000;

describeWithPrivateRedis('the sweep of packages, with a real store and a real disk', () => {
  let redis: PrivateRedis;
  let client: RedisClient;
  let functions: RedisFunctionStore;
  let dataDir: string;
  let packages: DiskPackageStore;
  let clock: FakeClock;
  let sweep: PackageSweep;
  let looks: number;

  beforeEach(async () => {
    redis = await startPrivateRedis();
    client = await connectTo(redis);
    functions = new RedisFunctionStore({ ...client, prefix: redis.prefix });
    dataDir = await mkdtemp(join(tmpdir(), 'easyfaas-sweep-'));
    packages = new DiskPackageStore({
      dataDir,
      packageBytes: 1024 ** 2,
      limits: DEFAULT_PACKAGE_LIMITS,
      clock: systemClock,
      logger: silentLogger(),
    });
    await packages.start();
    clock = new FakeClock(Date.now());
    looks = 0;
    sweep = sweepOf();
  });

  afterEach(async () => {
    sweep.stop();
    packages.stop();
    client.close();
    await redis.stop();
    await rm(dataDir, { recursive: true });
  });

  /** The one that is under test counts its looks when they are over. */
  const sweepOf = (): PackageSweep => {
    const counted = {
      ...clock,
      wallMs: () => clock.wallMs(),
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs: number, callback: () => void) => {
        looks += 1;
        return clock.after(delayMs, callback);
      },
    };
    const made = new PackageSweep({ files: packages, functions, clock: counted, logger: silentLogger() });
    made.start();
    looks = 0;
    return made;
  };
  const look = async (): Promise<void> => {
    const before = looks;
    clock.advance(TEN_MINUTES_MS);
    await eventually(() => expect(looks).toBe(before + 1), 20_000);
  };
  const pathOf = (sha256: string): string => join(dataDir, 'packages', `${sha256}.zip`);
  const upload = async (source: string): Promise<string> => {
    const zip = await zipSingleFile('index.js', source);
    const bytes = (async function* () {
      yield zip;
    })();
    return (await packages.put({ bytes })).sha256;
  };
  const old = async (source: string): Promise<string> => {
    const sha256 = await upload(source);
    const then = new Date(Date.now() - TWO_HOURS_MS);
    await utimes(pathOf(sha256), then, then);
    return sha256;
  };
  const functionOf = (name: string, sha256: string, accountId = 'default') => ({
    ...storedFunction(name),
    accountId,
    code: { sha256, sizeBytes: 1 },
  });
  const left = async (): Promise<string[]> => (await readdir(join(dataDir, 'packages'))).sort();
  const zips = (...names: string[]): string[] => names.map((sha256) => `${sha256}.zip`).sort();

  it('takes away what no function of any account refers to, and nothing that is new', async () => {
    const [own, foreign, unused, fresh] = [await old('1'), await old('2'), await old('3'), await upload('4')];
    await functions.create(functionOf('f', own));
    await functions.create(functionOf('f', foreign, 'other'));
    await look();
    expect(await left()).toEqual(zips(own, foreign, unused, fresh));
    await look();
    expect(await left()).toEqual(zips(own, foreign, fresh));
  });

  it('keeps the package of a published version, until the version is deleted', async () => {
    const [published, now, other] = [await old('published'), await old('now'), await old('other')];
    await functions.create(functionOf('f', published));
    const version = functionOf('f', published);
    await functions.versions.add({ ...version, configuration: { ...version.configuration, Version: '1' } }, 'revision-1');
    const updated = functionOf('f', now);
    await functions.replace({ ...updated, configuration: { ...updated.configuration, RevisionId: 'r2' } }, 'revision-1');
    await look();
    await look();
    expect(await left()).toEqual(zips(published, now));
    expect(other).not.toBe(now);
    await functions.versions.delete({ accountId: 'default', functionName: 'f' }, '1');
    await look();
    await look();
    expect(await left()).toEqual(zips(now));
  });

  it('takes away the package of a deleted function and the one before an update', async () => {
    const [kept, before, after, deleted] = [await old('1'), await old('2'), await old('3'), await old('4')];
    await functions.create(functionOf('kept', kept));
    await functions.create(functionOf('updated', before));
    await functions.create(functionOf('deleted', deleted));
    await look();
    await look();
    expect(await left()).toEqual(zips(kept, before, deleted, after).filter((name) => name !== `${after}.zip`));
    const again = await upload('3');
    expect(again).toBe(after);
    const updated = functionOf('updated', after);
    await functions.replace({ ...updated, configuration: { ...updated.configuration, RevisionId: 'r2' } }, 'revision-1');
    await functions.delete('default', 'deleted');
    await look();
    await look();
    expect(await left()).toEqual(zips(kept, after));
  });

  it('sees every one of many functions', async () => {
    const used = await Promise.all(Array.from({ length: 30 }, (_, index) => old(`used ${index}`)));
    const unused = await old('unused');
    for (let index = 0; index < 1500; index += 1) await functions.create(functionOf(`f${index}`, used[index % 30] ?? ''));
    let seen = 0;
    for await (const sha256 of functions.packagesInUse()) seen += used.includes(sha256) ? 1 : 0;
    expect(seen).toBeGreaterThanOrEqual(1500);
    await look();
    await look();
    expect(await left()).toEqual(zips(...used));
    expect(await left()).not.toContain(`${unused}.zip`);
  }, 60_000);

  it('counts an upload of a package that is there as new', async () => {
    const sha256 = await old('again');
    await functions.create(functionOf('other', await old('other')));
    await look();
    expect(await upload('again')).toBe(sha256);
    expect((await stat(pathOf(sha256))).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
    await look();
    expect(await left()).toContain(`${sha256}.zip`);
  });

  it('never takes away a package under an upload of the same', async () => {
    const sha256 = await old('contended');
    let isUploading = true;
    const uploads = Promise.all(Array.from({ length: 10 }, () => upload('contended'))).finally(() => (isUploading = false));
    let removals = 0;
    while (isUploading) removals += (await packages.removeIfOlder(sha256, Date.now() - TEN_MINUTES_MS)) ? 1 : 0;
    await uploads;
    expect(removals).toBe(1);
    expect(await packages.removeIfOlder(sha256, Date.now() - TEN_MINUTES_MS)).toBe(false);
    expect(await left()).toEqual(zips(sha256));
  });

  it('removes nothing while Redis is away or hangs', async () => {
    const [used, unused] = [await old('1'), await old('2')];
    await functions.create(functionOf('f', used));
    await look();
    redis.freeze();
    await look();
    redis.thaw();
    await redis.kill();
    await look();
    expect(await left()).toEqual(zips(used, unused));
  }, 30_000);

  it('removes nothing when the store comes back empty', async () => {
    const unused = await old('1');
    await functions.create(functionOf('f', await old('2')));
    await look();
    await redis.kill();
    await redis.start();
    await eventually(async () => expect(await client.redis.ping()).toBe('PONG'), 20_000);
    await look();
    await look();
    expect(await left()).toContain(`${unused}.zip`);
  }, 30_000);

  it('removes nothing when a function does not tell its package', async () => {
    const unused = await old('1');
    await functions.create(functionOf('f', await old('2')));
    await functions.create(functionOf('corrupt', await old('3')));
    await client.redis.hset(`${redis.prefix}:function:default:corrupt`, 'doc', '{"code":{}}');
    await look();
    await look();
    expect(await left()).toContain(`${unused}.zip`);
  });
});

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS, zipSingleFile } from '@easyfaas/code-package';
import { silentLogger, systemClock } from '@easyfaas/service-kit';
import { DiskPackageStore } from '../src/functions/disk-package-store';

const MIB = 1024 * 1024;

async function* pieces(bytes: Buffer, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('the package store on disk', () => {
  let dataDir: string;
  let store: DiskPackageStore;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'easyfaas-packages-'));
    store = storeOf();
  });

  afterEach(async () => {
    store.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const storeOf = (packageBytes = MIB): DiskPackageStore =>
    new DiskPackageStore({ dataDir, packageBytes, limits: DEFAULT_PACKAGE_LIMITS, clock: systemClock, logger: silentLogger() });
  const files = (): Promise<string[]> => readdir(join(dataDir, 'packages'));

  it('publishes a package under its hash, readable by the group only', async () => {
    const zip = await zipSingleFile('index.js', 'x'.repeat(5000));
    const sha256 = createHash('sha256').update(zip).digest('hex');
    expect(await store.put({ bytes: pieces(zip, 10) })).toEqual({ sha256, sizeBytes: zip.length, unpackedBytes: 5000 });
    expect(await files()).toEqual([`${sha256}.zip`]);
    const path = join(dataDir, 'packages', `${sha256}.zip`);
    expect(await readFile(path)).toEqual(zip);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  it('stores the same package again without harm, also many times at once', async () => {
    const zip = await zipSingleFile('index.js', 'x');
    const stored = await Promise.all(Array.from({ length: 8 }, () => store.put({ bytes: pieces(zip) })));
    expect(new Set(stored.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(await files()).toHaveLength(1);
  });

  it.each<[string, () => Promise<{ bytes: AsyncIterable<Uint8Array>; sha256?: string }>]>([
    ['INVALID_PACKAGE', async () => ({ bytes: pieces(Buffer.from('no zip')) })],
    ['INVALID_PACKAGE', async () => ({ bytes: pieces(Buffer.alloc(0)) })],
    ['PACKAGE_TOO_LARGE', async () => ({ bytes: pieces(Buffer.alloc(MIB + 1), 65_536) })],
    ['PACKAGE_TOO_LARGE', async () => ({ bytes: pieces(await zipSingleFile('bomb', Buffer.alloc(300 * MIB)), 65_536) })],
    ['CHECKSUM_MISMATCH', async () => ({ bytes: pieces(await zipSingleFile('a', 'a')), sha256: '0'.repeat(64) })],
  ])(
    'answers %s and leaves nothing behind',
    async (code, upload) => {
      await expect(store.put(await upload())).rejects.toMatchObject({ code });
      expect(await files()).toEqual([]);
      // Making the bomb takes seconds.
    },
    60_000,
  );

  it('leaves nothing of an upload that breaks off', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(1000);
      throw new Error('connection lost');
    }
    await expect(store.put({ bytes: broken() })).rejects.toThrow('connection lost');
    expect(await files()).toEqual([]);
  });

  it('stops reading at the limit', async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        taken += 65_536;
        yield Buffer.alloc(65_536);
      }
    }
    await expect(store.put({ bytes: endless() })).rejects.toMatchObject({
      code: 'PACKAGE_TOO_LARGE',
      message: expect.stringContaining('1048576') as string,
    });
    expect(taken).toBeLessThan(2 * MIB);
  });

  it('removes what a crash left, but not what is being uploaded, nor anything else', async () => {
    const directory = join(dataDir, 'packages');
    await mkdir(directory);
    const name = (digit: string): string => `.upload-${digit.repeat(8)}-0000-0000-0000-000000000000`;
    for (const file of [name('1'), name('2'), 'other.txt']) await writeFile(join(directory, file), 'x');
    const old = new Date(Date.now() - 11 * 60_000);
    for (const file of [name('1'), 'other.txt']) await utimes(join(directory, file), old, old);
    await store.start();
    expect((await files()).sort()).toEqual([name('2'), 'other.txt'].sort());
  });

  it('makes its directory when the funclet has not yet', async () => {
    await store.start();
    expect(((await stat(join(dataDir, 'packages'))).mode & 0o777).toString(8)).toMatch(/^7[57]0$/);
  });
});

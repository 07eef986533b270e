import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS, type PackageLimits, zipSingleFile } from '@easyfaas/code-package';
import { type ZipPart, zipBytes } from '@easyfaas/code-package/testing';
import { ServiceError, silentLogger, systemClock } from '@easyfaas/service-kit';
import { DiskPackageStore } from '../src/functions/disk-package-store';
import { INLINE_ZIP_BYTES, PackageInspector } from '../src/functions/package-inspector';

const MIB = 1024 * 1024;
const WORKER = join(__dirname, '../dist/inspection-worker.cjs');

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

  describe('when it has large packages looked at by a thread', () => {
    const random = randomBytes(INLINE_ZIP_BYTES);
    const large = (...parts: ZipPart[]): Buffer => zipBytes([{ name: 'random', content: random, isStored: true }, ...parts]);
    const withThread = (program = WORKER, limits = DEFAULT_PACKAGE_LIMITS): DiskPackageStore => {
      const inspector = new PackageInspector(program);
      return new DiskPackageStore({ dataDir, packageBytes: 8 * MIB, limits, inspector, clock: systemClock, logger: silentLogger() });
    };
    const verdict = (put: Promise<unknown>): Promise<unknown> =>
      put.then(
        (stored) => stored,
        (error: unknown) => (error instanceof ServiceError ? [error.code, error.message] : error),
      );

    it.each<[string, Partial<PackageLimits>, ZipPart[]]>([
      ['is sound', {}, [{ name: 'index.js', content: 'x'.repeat(100_000) }]],
      ['has a link', {}, [{ name: 'link', mode: 0o120777 }]],
      ['has a bad name', {}, [{ name: '../up' }]],
      ['lies about its size', {}, [{ name: 'a', content: 'abc', announcedBytes: 2 }]],
      ['is damaged', {}, [{ name: 'a', content: 'abc', announcedCrc32: 1 }]],
      ['has too many files', { files: 2 }, [{ name: 'a' }, { name: 'b' }]],
      ['is too large', { unpackedBytes: INLINE_ZIP_BYTES }, [{ name: 'a', content: 'abc' }]],
    ])('answers as it does without, for one that %s', async (_what, changed, parts) => {
      const limits = { ...DEFAULT_PACKAGE_LIMITS, ...changed };
      const inline = new DiskPackageStore({ dataDir, packageBytes: 8 * MIB, limits, clock: systemClock, logger: silentLogger() });
      const expected = await verdict(inline.put({ bytes: pieces(large(...parts), 65_536) }));
      expect(await verdict(withThread(WORKER, limits).put({ bytes: pieces(large(...parts), 65_536) }))).toEqual(expected);
      expect((await files()).filter((name) => name.startsWith('.'))).toEqual([]);
    });

    it('starts none for small ones, and says so when it cannot start one', async () => {
      const broken = withThread(join(dataDir, 'missing.cjs'));
      expect(await broken.put({ bytes: pieces(await zipSingleFile('index.js', 'x')) })).toMatchObject({ unpackedBytes: 1 });
      await expect(broken.put({ bytes: pieces(large(), 65_536) })).rejects.toThrow(/missing\.cjs/);
      expect(await files()).toHaveLength(1);
    });

    it('ends the thread when the time is over', async () => {
      const path = join(dataDir, 'large.zip');
      await writeFile(path, large());
      const hanging = join(dataDir, 'hangs.cjs');
      await writeFile(hanging, 'for (;;);');
      const inspected = new PackageInspector(hanging).inspect(path, DEFAULT_PACKAGE_LIMITS, AbortSignal.timeout(200));
      await expect(inspected).rejects.toMatchObject({ name: 'AbortError' });
    });
  });
});

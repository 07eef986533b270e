import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS, zipSingleFile } from '@easyfaas/code-package';
import { silentLogger, systemClock } from '@easyfaas/service-kit';
import { DiskPackageStore } from '../src/functions/disk-package-store';

const MIB = 1024 * 1024;
const dataDir = mkdtempSync(join(tmpdir(), 'easyfaas-full-'));
const canMount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'easyfaas-test', dataDir]).status === 0;
if (!canMount && process.env['REQUIRE_DOCKER'] === '1') throw new Error('The test of a full disk needs the right to mount a tmpfs.');
if (!canMount) process.stderr.write('SKIPPED: a full disk needs the right to mount a tmpfs\n');

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

afterAll(() => {
  if (canMount) spawnSync('umount', [dataDir]);
  rmdirSync(dataDir);
});

(canMount ? describe : describe.skip)('T29 the package store on a disk that fills up', () => {
  const store = new DiskPackageStore({
    dataDir,
    packageBytes: 50 * MIB,
    limits: DEFAULT_PACKAGE_LIMITS,
    clock: systemClock,
    logger: silentLogger(),
  });
  const filler = join(dataDir, 'filler');
  const upload = async (mebibytes: number): Promise<unknown> =>
    store.put({ bytes: pieces(await zipSingleFile('data.bin', randomBytes(mebibytes * MIB))) });
  const files = (): Promise<string[]> => readdir(join(dataDir, 'packages'));

  it('refuses uploads before it is full, says how much is needed, and takes them again when there is space', async () => {
    await writeFile(filler, Buffer.alloc(15 * MIB));
    await expect(upload(0.1)).rejects.toMatchObject({ code: 'DISK_FULL', message: expect.stringMatching(/\d+ MiB free/) as string });
    await rm(filler);
    await upload(0.1);
    expect(await files()).toHaveLength(1);
  });

  it('leaves nothing of an upload that fills it', async () => {
    const before = await files();
    await writeFile(filler, Buffer.alloc(10 * MIB));
    await expect(upload(8)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await files()).toEqual(before);
    await rm(filler);
    await upload(2);
  });
});

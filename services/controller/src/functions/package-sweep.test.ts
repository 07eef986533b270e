import { FakeClock, silentLogger } from '@easyfaas/service-kit';
import { UNUSED_AGE_MS } from './choose-unused-packages';
import { PackageSweep } from './package-sweep';
import type { PackageFile, PackageFiles } from './package-store';
import { FakeFunctionStore, storedFunction } from './testing/fake-function-store';

const [USED, UNUSED, OTHER] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];
const TEN_MINUTES_MS = 10 * 60_000;

class FakeFiles implements PackageFiles {
  readonly files = new Map<string, PackageFile>();
  lists = 0;
  onRemoval: () => void = () => undefined;

  add(sha256: string, modifiedMs: number): void {
    this.files.set(sha256, { sha256, sizeBytes: 7, modifiedMs });
  }

  async list(): Promise<PackageFile[]> {
    this.lists += 1;
    return [...this.files.values()];
  }

  async removeIfOlder(sha256: string, thanMs: number): Promise<boolean> {
    this.onRemoval();
    const file = this.files.get(sha256);
    return file !== undefined && file.modifiedMs < thanMs && this.files.delete(sha256);
  }
}

describe('the sweep of packages', () => {
  let clock: FakeClock;
  let files: FakeFiles;
  let store: FakeFunctionStore;
  let lines: { message: string; fields?: Record<string, unknown> }[];
  let sweep: PackageSweep;

  beforeEach(async () => {
    clock = new FakeClock();
    files = new FakeFiles();
    store = new FakeFunctionStore();
    lines = [];
    const logger = {
      ...silentLogger(),
      info: (message: string, fields = {}) => void lines.push({ message, fields }),
      warn: (message: string) => void lines.push({ message }),
    };
    sweep = new PackageSweep({ files, functions: store, clock, logger });
    await store.create(storedFunction('f'));
    for (const sha256 of [USED, UNUSED]) files.add(sha256, clock.wallMs() - UNUSED_AGE_MS);
    sweep.start();
  });

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
  };
  const look = async (): Promise<void> => {
    clock.advance(TEN_MINUTES_MS);
    await settle();
  };
  const left = (): string[] => [...files.files.keys()];

  it('removes what was unused at two looks, and says so once', async () => {
    await look();
    expect(left()).toEqual([USED, UNUSED]);
    await look();
    expect(left()).toEqual([USED]);
    await look();
    expect(lines).toEqual([{ message: 'unused packages removed', fields: { count: 1, bytes: 7 } }]);
  });

  it('looks every ten minutes and not before', async () => {
    clock.advance(TEN_MINUTES_MS - 1);
    await settle();
    expect(files.lists).toBe(0);
    clock.advance(1);
    await settle();
    for (let time = 0; time < 4; time += 1) await look();
    expect(files.lists).toBe(5);
  });

  it('keeps a package that another account uses', async () => {
    await store.create({ ...storedFunction('g'), accountId: 'other', code: { sha256: UNUSED, sizeBytes: 7 } });
    for (let time = 0; time < 3; time += 1) await look();
    expect(left()).toEqual([USED, UNUSED]);
  });

  it('removes nothing while the store does not answer, and goes on afterwards', async () => {
    store.isAway = true;
    for (let time = 0; time < 3; time += 1) await look();
    expect(left()).toEqual([USED, UNUSED]);
    expect(lines.map(({ message }) => message)).toEqual(Array(3).fill('unused packages stay for now'));
    store.isAway = false;
    await look();
    await look();
    expect(left()).toEqual([USED]);
  });

  it('removes nothing when the store breaks off in the middle', async () => {
    store.packagesInUse = async function* () {
      yield OTHER;
      throw new Error('connection lost');
    };
    for (let time = 0; time < 3; time += 1) await look();
    expect(left()).toEqual([USED, UNUSED]);
  });

  it('keeps a package that is uploaded again after the functions were looked at', async () => {
    await look();
    files.onRemoval = () => files.add(UNUSED, clock.wallMs());
    await look();
    expect(left()).toEqual([USED, UNUSED]);
    expect(lines).toEqual([]);
  });

  it('stops in the middle of its work', async () => {
    files.add(OTHER, clock.wallMs() - UNUSED_AGE_MS);
    await look();
    files.onRemoval = () => sweep.stop();
    for (let time = 0; time < 3; time += 1) await look();
    expect(left()).toEqual([USED, OTHER]);
    expect(files.lists).toBe(2);
  });
});

import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '../code/remove-tree';
import { BindCodeMounts, LinkedCode } from './code-mounts';
import { MountError, type MountSyscalls } from './mount-syscalls';
import type { MountEntry } from './mount-table';
import { openCodeMounts } from './open-code-mounts';

/** A mount table in memory that behaves as the kernel does for our three calls. */
class FakeMounts implements MountSyscalls {
  table: MountEntry[] = [];
  refusal: number | undefined;
  readonly calls: string[] = [];

  bind(source: string, target: string): void {
    this.calls.push(`bind ${source} ${target}`);
    if (this.refusal !== undefined) throw new MountError('bind', this.refusal);
    const above = this.table.filter(({ mountPoint }) => source === mountPoint || source.startsWith(`${mountPoint}/`)).at(-1);
    this.table.push({
      mountId: this.table.length,
      parentId: 0,
      root: source,
      mountPoint: target,
      options: above?.options ?? ['rw'],
      isShared: true,
      device: '1:1',
    });
  }

  makeReadOnly(target: string): void {
    const top = this.table.filter(({ mountPoint }) => mountPoint === target).at(-1);
    if (top === undefined) throw new MountError('remount', 22);
    top.options = ['ro', 'nosuid', 'nodev'];
  }

  unmount(target: string): boolean {
    const at = this.table.findLastIndex(({ mountPoint }) => mountPoint === target);
    if (at === -1) return false;
    this.table.splice(at, 1);
    return true;
  }
}

describe('code that is mounted', () => {
  let fake: FakeMounts;
  const open = (): BindCodeMounts => new BindCodeMounts(fake, '/d/code', '/d/code-ro', () => fake.table);
  beforeEach(() => {
    fake = new FakeMounts();
  });

  it('comes from a read-only view, so that it is read-only wherever it appears', () => {
    const mounts = open();
    mounts.prepare();
    mounts.attach('abc', '/d/containers/x/task');
    expect(fake.calls).toEqual(['bind /d/code /d/code-ro', 'bind /d/code-ro/abc /d/containers/x/task']);
    expect(fake.table.at(-1)?.options).toContain('ro');
    expect(mounts.isAttached('/d/containers/x/task')).toBe(true);
  });

  it('uses the view of an earlier process when it is sound', () => {
    open().prepare();
    open().prepare();
    expect(fake.calls).toHaveLength(1);
  });

  it('replaces a view that came to us writable, as many times as it is there', () => {
    fake.bind('/d/code', '/d/code-ro');
    fake.bind('/d/code', '/d/code-ro');
    open().prepare();
    expect(fake.table).toHaveLength(1);
    expect(fake.table[0]?.options).toContain('ro');
  });

  it('fails when the kernel did not make it read-only', () => {
    fake.makeReadOnly = () => undefined;
    expect(() => open().prepare()).toThrow('is not a read-only view');
  });

  it('is taken away completely, and once more without harm', () => {
    const mounts = open();
    mounts.prepare();
    mounts.attach('abc', '/t');
    mounts.attach('def', '/t');
    mounts.detach('/t');
    mounts.detach('/t');
    expect(mounts.isAttached('/t')).toBe(false);
  });
});

describe('code that is linked', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'easyfaas-links-'));
    mkdirSync(join(directory, 'code/abc/lib'), { recursive: true });
    writeFileSync(join(directory, 'code/abc/index.js'), '1', { mode: 0o444 });
    writeFileSync(join(directory, 'code/abc/lib/a.js'), '2', { mode: 0o444 });
    mkdirSync(join(directory, 'task'));
  });
  afterEach(() => removeTree(directory));

  it('is the same files, in directories of their own that cannot be written', () => {
    const target = join(directory, 'task');
    const linked = new LinkedCode(join(directory, 'code'));
    expect(linked.isAttached(target)).toBe(false);
    linked.attach('abc', target);
    expect(readFileSync(join(target, 'lib/a.js'), 'utf8')).toBe('2');
    expect(statSync(join(target, 'index.js')).ino).toBe(statSync(join(directory, 'code/abc/index.js')).ino);
    expect(statSync(join(target, 'lib')).mode & 0o777).toBe(0o555);
    expect(linked.isAttached(target)).toBe(true);
  });

  it('is taken away without harm to the cache, and once more', () => {
    const target = join(directory, 'task');
    const linked = new LinkedCode(join(directory, 'code'));
    linked.attach('abc', target);
    linked.detach(target);
    linked.detach(target);
    expect(readdirSync(target)).toEqual([]);
    linked.detach(join(directory, 'none'));
    expect(existsSync(join(directory, 'code/abc/lib/a.js'))).toBe(true);
  });
});

describe('opening', () => {
  const root: MountEntry = { mountId: 1, parentId: 0, root: '/', mountPoint: '/', options: ['rw'], isShared: true, device: '1:1' };
  const config = (mountMode: 'auto' | 'bind' | 'hardlink') => ({
    mountMode,
    dataDir: '/d',
    directories: { code: '/d/code', readOnlyCode: '/d/code-ro', packages: '', containers: '', run: '' },
  });

  it('falls back to links when mounting is not permitted, and refuses where mounting was demanded', () => {
    const fake = new FakeMounts();
    fake.table = [root];
    fake.refusal = 1;
    const opened = openCodeMounts(
      config('auto'),
      () => fake,
      () => fake.table,
    );
    expect(opened.codeMounts.mode).toBe('hardlink');
    expect(opened.warning).toContain('CAP_SYS_ADMIN');
    expect(() =>
      openCodeMounts(
        config('bind'),
        () => fake,
        () => fake.table,
      ),
    ).toThrow('EASYFAAS_MOUNT_MODE=hardlink');
  });

  it('does not even load the system calls where links were asked for', () => {
    const never = (): MountSyscalls => {
      throw new Error('loaded');
    };
    expect(openCodeMounts(config('hardlink'), never, () => [root])).toMatchObject({ codeMounts: { mode: 'hardlink' } });
  });

  it('mounts where it can', () => {
    const fake = new FakeMounts();
    fake.table = [root];
    expect(
      openCodeMounts(
        config('auto'),
        () => fake,
        () => fake.table,
      ),
    ).toMatchObject({ codeMounts: { mode: 'bind' } });
  });
});

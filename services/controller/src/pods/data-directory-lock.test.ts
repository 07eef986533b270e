import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DirectoryHolder, lockDataDirectory } from './data-directory-lock';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ef-lock-'));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const holder = (): DirectoryHolder => ({ dataDir, listen: { host: 'beta', port: 18 } });

/** Holds the lock as another process does, until it is killed. */
async function otherHolder(): Promise<ChildProcess> {
  const child = spawn('flock', ['-n', '--no-fork', join(dataDir, 'controller.lock'), 'sh', '-c', 'echo locked; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

describe('the lock of a data directory', () => {
  it('is held by one process only, and names it to the next', () => {
    const release = lockDataDirectory({ dataDir, listen: { host: 'alpha', port: 17 } });
    const words = new RegExp(`Another controller uses this data directory \\(pid ${process.pid} on .*, address alpha:17`);
    expect(() => lockDataDirectory(holder())).toThrow(words);
    expect(readFileSync(join(dataDir, 'controller.lock'), 'utf8')).toContain('alpha:17\n');
    release();
    lockDataDirectory(holder())();
    expect(readFileSync(join(dataDir, 'controller.lock'), 'utf8')).toMatch(/^pid.*beta:18\n$/);
  });

  it('is not left behind by a process that was killed', async () => {
    const other = await otherHolder();
    expect(() => lockDataDirectory(holder())).toThrow(/Another controller/);
    const ended = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await ended;
    lockDataDirectory(holder())();
  });

  it('is refused with the reason where the directory cannot be used', () => {
    writeFileSync(join(dataDir, 'file'), '');
    expect(() => lockDataDirectory({ ...holder(), dataDir: join(dataDir, 'file') })).toThrow(/EEXIST|ENOTDIR/);
  });
});

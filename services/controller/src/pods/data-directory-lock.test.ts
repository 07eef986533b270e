import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDirectory } from './data-directory-lock';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ef-lock-'));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

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
    const release = lockDataDirectory(dataDir, 'pid 17 on alpha');
    expect(() => lockDataDirectory(dataDir, 'pid 18 on alpha')).toThrow(/Another controller uses this data directory \(pid 17 on alpha/);
    expect(readFileSync(join(dataDir, 'controller.lock'), 'utf8')).toBe('pid 17 on alpha\n');
    release();
    lockDataDirectory(dataDir, 'pid 19 on alpha')();
    expect(readFileSync(join(dataDir, 'controller.lock'), 'utf8')).toBe('pid 19 on alpha\n');
  });

  it('is not left behind by a process that was killed', async () => {
    const holder = await otherHolder();
    expect(() => lockDataDirectory(dataDir, 'us')).toThrow(/Another controller/);
    const ended = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await ended;
    lockDataDirectory(dataDir, 'us')();
  });

  it('is refused with the reason where the directory cannot be used', () => {
    writeFileSync(join(dataDir, 'file'), '');
    expect(() => lockDataDirectory(join(dataDir, 'file'), 'us')).toThrow(/EEXIST|ENOTDIR/);
  });
});

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { release } from 'node:os';
import { promisify } from 'node:util';
import { formatBytes } from '../format';
import { type Finding, bad, doubtful, good } from './check';

const run = promisify(execFile);
const DOCKER_MS = 10_000;
const FREE_BYTES_MIN = 1024 ** 3;
const FREE_SHARE_MIN = 0.1;

/** The machine itself: only when EasyFaaS is on it. */
export async function checkMachine(dataDir: string): Promise<Finding[]> {
  return [
    node(process.versions.node),
    kernel(),
    await docker(),
    cgroup(),
    mount(dataDir, readFileSync('/proc/self/mountinfo', 'utf8')),
    await disk(dataDir),
  ];
}

export function node(version: string): Finding {
  if (Number(version.split('.')[0]) >= 20) return good('Node.js', version);
  return bad('Node.js', version, 'EasyFaaS needs 20 or newer.');
}

function kernel(): Finding {
  return good('Kernel', release());
}

async function docker(): Promise<Finding> {
  try {
    const { stdout } = await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: DOCKER_MS });
    const version = stdout.trim();
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major > 20 || (major === 20 && minor >= 10)) return good('Docker', version);
    return bad('Docker', version, 'EasyFaaS needs Docker Engine 20.10 or newer.');
  } catch (error) {
    const { code, stderr = '' } = error as { code?: string; stderr?: string };
    if (code === 'ENOENT') return bad('Docker', 'the docker command is missing', '`npm run up` installs it on Debian and Ubuntu, as root.');
    if (/permission denied/i.test(stderr))
      return doubtful('Docker', 'this user may not use it', 'sudo usermod -aG docker "$USER", then log in again.');
    return bad(
      'Docker',
      stderr.trim().split('\n')[0] ?? 'no answer',
      'Start it: sudo systemctl start docker, or `npm run up` where there is no systemd.',
    );
  }
}

function cgroup(): Finding {
  return good('cgroup', existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'version 2' : 'version 1');
}

/** @param mountinfo text of /proc/self/mountinfo */
export function mount(dataDir: string, mountinfo: string): Finding {
  const what = 'Data directory';
  const rows = mountinfo
    .trimEnd()
    .split('\n')
    .map((row) => {
      const fields = row.split(' ');
      return { path: fields[4] ?? '', isShared: fields.slice(6, fields.indexOf('-', 6)).some((field) => field.startsWith('shared:')) };
    })
    .filter(({ path }) => path === '/' || dataDir === path || dataDir.startsWith(`${path}/`));
  // The longest path is the nearest mount; of several at one place the last one counts.
  const nearest = rows.reduce<(typeof rows)[number] | undefined>(
    (best, row) => (row.path.length >= (best?.path.length ?? 0) ? row : best),
    undefined,
  );
  if (nearest?.isShared === true) return good(what, `${dataDir} is on a shared mount`);
  return bad(
    what,
    `${dataDir} is on a private mount: code cannot be mounted into running containers`,
    `sudo sh -c 'mkdir -p ${dataDir} && mount --bind ${dataDir} ${dataDir} && mount --make-rshared ${dataDir}', or npm run up`,
  );
}

async function disk(dataDir: string): Promise<Finding> {
  const what = 'Disk';
  if (!existsSync(dataDir)) return { what, state: 'not looked at', seen: `${dataDir} is not there` };
  const { bavail, blocks, bsize } = await statfs(dataDir);
  const freeBytes = bavail * bsize;
  const seen = `${formatBytes(freeBytes)} free for ${dataDir}`;
  if (freeBytes >= FREE_BYTES_MIN && bavail / blocks >= FREE_SHARE_MIN) return good(what, seen);
  return doubtful(what, seen, 'Below 1 GB or a tenth of the disk uploads are refused: free some.');
}

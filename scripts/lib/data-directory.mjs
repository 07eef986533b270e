// The data directory on the host: a shared mount, so that what the funclet mounts appears in running containers.
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, rmdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isRoot } from './machine.mjs';
import { run } from './run.mjs';
import { Failure } from './terminal.mjs';

/** Rows of /proc/self/mountinfo: where, and whether mounts propagate from there. */
function readMounts() {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => {
      const fields = row.split(' ');
      const optional = fields.slice(6, fields.indexOf('-', 6));
      // Blanks and the like are written as octal.
      const path = fields[4].replaceAll(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
      return { path, isShared: optional.some((field) => field.startsWith('shared:')) };
    });
}

/** The mount that a path is on: the longest prefix, of several at one place the last. */
function mountOf(path) {
  const isAbove = (mount) => mount.path === '/' || path === mount.path || path.startsWith(`${mount.path}/`);
  return readMounts()
    .filter(isAbove)
    .reduce((best, mount) => (mount.path.length >= best.path.length ? mount : best));
}

const nearestExisting = (path) => (existsSync(path) ? realpathSync(path) : nearestExisting(dirname(path)));

/**
 * @returns {Promise<{action: 'found' | 'mounted'}>} mounted: made a shared mount of itself, because its file system is a private mount
 */
export async function ensureDataDirectory(dataDir, { log }) {
  const byHand = `mkdir -p ${dataDir} && mount --bind ${dataDir} ${dataDir} && mount --make-rshared ${dataDir}`;
  if (!existsSync(dataDir) && isRoot()) mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  if (mountOf(nearestExisting(dataDir)).isShared) return { action: 'found' };
  if (!isRoot()) {
    throw new Failure(`${dataDir} is not on a shared mount.`, {
      why: 'Code is mounted into running containers, which works only below a shared mount. systemd makes all of them shared; there is none here.',
      remedy: `sudo sh -c '${byHand}'\nand run this again.`,
    });
  }
  const remedy = `This needs CAP_SYS_ADMIN. By hand: ${byHand}`;
  if (mountOf(realpathSync(dataDir)).path !== realpathSync(dataDir)) await run('mount', ['--bind', dataDir, dataDir], { log, remedy });
  await run('mount', ['--make-rshared', dataDir], { log, remedy });
  return { action: 'mounted' };
}

/** Mounts at or below a folder, deepest first. */
export function mountsBelow(dataDir) {
  return readMounts()
    .map((mount) => mount.path)
    .filter((path) => path === dataDir || path.startsWith(`${dataDir}/`))
    .reverse();
}

/**
 * Unmounts everything below the data directory and, where `ensureDataDirectory` mounted it, the directory itself.
 * @returns {Promise<number>} how many mounts
 */
export async function releaseDataDirectory(dataDir, { log, isOurMount, image }) {
  const paths = mountsBelow(dataDir).filter((path) => path !== dataDir || isOurMount);
  if (paths.length === 0) return 0;
  if (isRoot()) for (const path of paths) await run('umount', ['-l', path], { log, mayFail: true });
  else await runAsRoot(['umount', '-l', ...paths], { dataDir, image, log });
  return paths.length;
}

/** Empties the data directory and deletes it; a mount that others made there stays. @throws Failure when something is mounted below it */
export async function deleteDataDirectory(dataDir, { log, image }) {
  const mounts = mountsBelow(dataDir);
  const left = mounts.filter((path) => path !== dataDir);
  if (left.length > 0) {
    throw new Failure(`${dataDir} was not deleted.`, {
      why: `Still mounted there: ${left.join(', ')}`,
      remedy: `umount ${left.join(' ')} and delete it by hand.`,
    });
  }
  if (resolve(dataDir).split('/').filter(Boolean).length < 2) {
    throw new Failure(`${dataDir} was not deleted.`, {
      why: 'It is too close to the root of the file system.',
      remedy: 'Delete it by hand.',
    });
  }
  if (!existsSync(dataDir)) return;
  if (!isRoot()) await runAsRoot(['find', dataDir, '-mindepth', '1', '-delete'], { dataDir, image, log });
  try {
    for (const name of readdirSync(dataDir)) rmSync(join(dataDir, name), { recursive: true, force: true });
    if (mounts.length === 0) rmdirSync(dataDir);
  } catch (cause) {
    throw new Failure(`${dataDir} was not deleted.`, { why: cause.message, remedy: `sudo rm -rf ${dataDir}`, cause });
  }
}

/** What a user without root may not do to files of root, a container may: this user controls Docker. */
async function runAsRoot(command, { dataDir, image, log }) {
  const rights = [
    '--network',
    'none',
    '--user',
    '0:0',
    '--cap-drop',
    'ALL',
    '--cap-add',
    'SYS_ADMIN',
    '--cap-add',
    'DAC_OVERRIDE',
    '--security-opt',
    'apparmor=unconfined',
  ];
  await run('docker', ['run', '--rm', ...rights, '-v', `${dataDir}:${dataDir}:rshared`, image, ...command], { log, mayFail: true });
}

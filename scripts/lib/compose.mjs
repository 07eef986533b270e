// Finds Compose (v2 or docker-compose 1.29) or installs v2 as a plug-in of the docker command.
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall, hasApt, isRoot, readAptArchives, readOsRelease } from './machine.mjs';
import { findCommand, run } from './run.mjs';
import { Failure } from './terminal.mjs';

/** The first Debian release with Compose v2 and buildx; their binaries run on Debian 12 as they are. */
const DEBIAN_WITH_PLUGINS = 'trixie';
const MIN_V1 = [1, 29];

/**
 * @typedef {{version: string, command: string, prefix: string[], major: number}} Compose
 * @returns {Promise<Compose | undefined>}
 */
async function findCompose(log) {
  const v2 = await run('docker', ['compose', 'version', '--short'], { log, mayFail: true });
  if (v2.code === 0) return { version: v2.stdout.trim(), command: 'docker', prefix: ['compose'], major: 2 };
  if (!findCommand('docker-compose')) return undefined;
  const v1 = await run('docker-compose', ['version', '--short'], { log, mayFail: true });
  const version = v1.stdout.trim().replace(/^v/, '');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > MIN_V1[0] || (major === MIN_V1[0] && minor >= MIN_V1[1]);
  return v1.code === 0 && isEnough ? { version, command: 'docker-compose', prefix: [], major } : undefined;
}

/** EASYFAAS_COMPOSE=v1 takes docker-compose 1.29 although v2 is there (tests use it). */
async function findWanted(log) {
  if (process.env.EASYFAAS_COMPOSE !== 'v1') return findCompose(log);
  const v1 = await run('docker-compose', ['version', '--short'], {
    log,
    remedy: 'Install docker-compose 1.29, or unset EASYFAAS_COMPOSE.',
  });
  return { version: v1.stdout.trim(), command: 'docker-compose', prefix: [], major: 1 };
}

/** @returns {Promise<Compose & {action: 'found' | 'installed'}>} */
export async function ensureCompose({ log, say }) {
  const present = await findWanted(log);
  if (present) return { ...present, action: 'found' };
  const refusals = [];
  for (const install of [installFromOwnRelease, installPlugins, installVersion1]) {
    try {
      if (!(await install({ log, say }))) continue;
    } catch (error) {
      refusals.push(`${error.message} ${error.why ?? ''}`.trim());
      continue;
    }
    const installed = await findCompose(log);
    if (installed) return { ...installed, action: 'installed' };
  }
  throw new Failure('Docker Compose is missing and could not be installed.', {
    why: refusals.join('\n') || 'No package of this machine has it.',
    remedy: 'Install the Compose plug-in (package docker-compose-plugin, docker-compose-v2 or docker-compose) and run this again.',
  });
}

/** Ubuntu, Docker's own packages and Debian 13 have it. */
async function installFromOwnRelease({ log, say }) {
  if (!hasApt() || !isRoot()) return false;
  await run('apt-get', ['-q', 'update'], { log, mayFail: true });
  for (const name of ['docker-compose-plugin', 'docker-compose-v2', 'docker-compose']) {
    const policy = await run('apt-cache', ['policy', name], { log, mayFail: true });
    const candidate = /Candidate:\s*(?:\d+:)?(\d+)/.exec(policy.stdout)?.[1];
    if (!candidate || (name === 'docker-compose' && Number(candidate) < 2)) continue;
    await aptInstall([name], { log, say });
    return true;
  }
  return false;
}

/** Debian 12: the packages of the next release, unpacked as plug-ins of this user; the system's own packages stay as they are. */
async function installPlugins({ log, say }) {
  const release = readOsRelease();
  const archive = readAptArchives().find((entry) => entry.suite === release.VERSION_CODENAME && entry.components.includes('main'));
  if (!hasApt() || release.ID !== 'debian' || !archive) return false;
  say(`fetching the packages docker-compose and docker-buildx of Debian ${DEBIAN_WITH_PLUGINS}`);
  const folder = mkdtempSync(join(tmpdir(), 'easyfaas-plugins-'));
  try {
    for (const name of ['lists/partial', 'cache/archives/partial', 'parts']) mkdirSync(join(folder, name), { recursive: true });
    const signedBy = archive.signedBy?.startsWith('/') ? `[signed-by=${archive.signedBy}] ` : '';
    writeFileSync(join(folder, 'sources.list'), `deb ${signedBy}${archive.uri} ${DEBIAN_WITH_PLUGINS} main\n`);
    const settings = [
      `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`,
      `Dir::Etc::sourceparts=${join(folder, 'parts')}`,
      `Dir::State::lists=${join(folder, 'lists')}`,
      `Dir::Cache=${join(folder, 'cache')}`,
      ...(isRoot() ? ['APT::Sandbox::User=root'] : []),
    ].flatMap((setting) => ['-o', setting]);
    await run('apt-get', [...settings, '-q', 'update'], { log, timeoutMs: 120_000 });
    await run('apt-get', [...settings, '-q', 'download', 'docker-compose', 'docker-buildx'], { log, cwd: folder, timeoutMs: 180_000 });
    const target = join(process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'cli-plugins');
    mkdirSync(target, { recursive: true });
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg-deb', ['-x', join(folder, file), join(folder, 'out')], { log });
    }
    for (const name of ['docker-compose', 'docker-buildx']) {
      const source = join(folder, 'out/usr/libexec/docker/cli-plugins', name);
      if (!existsSync(source)) throw new Failure(`The package of ${name} has no plug-in inside.`);
      copyFileSync(source, join(target, name));
      chmodSync(join(target, name), 0o755);
    }
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function installVersion1({ log, say }) {
  await aptInstall(['docker-compose'], { log, say });
  return true;
}

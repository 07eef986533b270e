// The two images that everything starts from: pulled, or, with no registry in reach, made from this machine's own parts.
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { aptInstall, isRoot, readAptArchives, readOsRelease } from './machine.mjs';
import { findCommand, run } from './run.mjs';
import { Failure } from './terminal.mjs';

export const NODE_IMAGE = process.env.EASYFAAS_BASE_IMAGE || 'node:20-bookworm-slim';
export const REDIS_IMAGE = process.env.EASYFAAS_REDIS_IMAGE || 'redis:7';

/** Marks images made here, so that `npm run down -- --purge` knows them. */
const STAND_IN_LABEL = 'easyfaas.stand-in';
const STAND_IN_BASE = 'easyfaas/stand-in-base:latest';
/** A registry that has not begun to answer by then is out of reach. */
const FIRST_ANSWER_MS = 20_000;
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** @param wanted of the two @returns {Promise<{action: 'found' | 'pulled' | 'built'}>} */
export async function ensureBaseImages({ log, say, wanted = [NODE_IMAGE, REDIS_IMAGE] }) {
  const missing = [];
  for (const image of wanted) if (!(await imageId(image, log))) missing.push(image);
  if (missing.length === 0) return { action: 'found' };
  let isInReach = true;
  for (const image of missing) {
    if (!isInReach) break;
    say(`pulling ${image}`);
    isInReach = await pull(image, log);
  }
  if (isInReach) return { action: 'pulled' };
  await buildStandIns({ log, say, missing });
  return { action: 'built' };
}

/** Image id by name, or undefined. */
export async function imageId(image, log) {
  const answer = await run('docker', ['image', 'inspect', '--format', '{{.Id}}', image], { log, mayFail: true });
  return answer.code === 0 ? answer.stdout.trim() : undefined;
}

/** False when the registry is out of reach; an image that the registry refuses is a Failure. */
async function pull(image, log) {
  const answer = await run('docker', ['pull', image], { log, mayFail: true, firstLineMs: FIRST_ANSWER_MS });
  if (answer.code === 0) return true;
  if (/manifest unknown|not found: manifest|unauthorized|denied/i.test(answer.stderr)) {
    throw new Failure(`The registry does not give out ${image}.`, {
      why: answer.stderr.trim(),
      remedy: 'Set EASYFAAS_BASE_IMAGE or EASYFAAS_REDIS_IMAGE to an image it has.',
    });
  }
  return false;
}

/** Debian packages, this machine's Node.js and its certificates, under the names that the Dockerfiles use. */
async function buildStandIns({ log, say, missing }) {
  say('no registry in reach: making stand-ins from Debian packages and this Node.js, about a minute');
  const { codename, sources } = ownRelease();
  if (!findCommand('mmdebstrap')) await aptInstall(['mmdebstrap'], { log, say });
  const folder = mkdtempSync(join(tmpdir(), 'easyfaas-base-'));
  try {
    if (!(await imageId(STAND_IN_BASE, log))) {
      say('a minimal Debian (mmdebstrap)');
      const tarball = join(folder, 'base.tar');
      const without = ['doc', 'man', 'locale', 'info'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
      const mode = isRoot() ? [] : ['--mode=unshare'];
      await run('mmdebstrap', [...mode, '--variant=minbase', '--include=ca-certificates', ...without, codename, tarball, ...sources], {
        log,
        timeoutMs: 600_000,
        remedy: 'The package archives of this machine have to be in reach (apt-get update); or give this machine a registry to pull from.',
      });
      await run('docker', ['import', '-c', `LABEL ${STAND_IN_LABEL}=yes`, '-c', 'CMD ["bash"]', tarball, STAND_IN_BASE], { log });
      rmSync(tarball);
    }
    if (missing.includes(NODE_IMAGE) && !(await imageId(NODE_IMAGE, log))) {
      say(`${NODE_IMAGE} (Node.js ${process.versions.node})`);
      await buildNodeImage(join(folder, 'node'), log);
    }
    if (missing.includes(REDIS_IMAGE) && !(await imageId(REDIS_IMAGE, log))) {
      say(`${REDIS_IMAGE} (redis-server)`);
      await buildRedisImage(join(folder, 'redis'), log);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function buildNodeImage(folder, log) {
  mkdirSync(folder);
  copyFileSync(realpathSync(process.execPath), join(folder, 'node'));
  cpSync(npmFolder(), join(folder, 'npm'), { recursive: true });
  const certificates = existsSync(CERTIFICATES);
  if (certificates) copyFileSync(CERTIFICATES, join(folder, 'ca-certificates.crt'));
  writeFileSync(
    join(folder, 'Dockerfile'),
    [
      `FROM ${STAND_IN_BASE}`,
      // The machine may trust more than Debian does, such as the certificate of a company's proxy.
      ...(certificates ? [`COPY ca-certificates.crt ${CERTIFICATES}`] : []),
      'COPY node /usr/local/bin/node',
      'COPY npm /usr/local/lib/node_modules/npm',
      'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx && node --version && npm --version',
      'CMD ["node"]',
    ].join('\n'),
  );
  await run('docker', ['build', '-t', NODE_IMAGE, folder], {
    log,
    remedy: `The copy of ${process.execPath} does not run in a minimal Debian. Use a self-contained Node.js build, or give this machine a registry to pull from.`,
  });
}

async function buildRedisImage(folder, log) {
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'Dockerfile'),
    [
      `FROM ${STAND_IN_BASE}`,
      'RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* && mkdir /data && chown redis:redis /data',
      'VOLUME /data',
      'WORKDIR /data',
      'CMD ["redis-server"]',
    ].join('\n'),
  );
  await run('docker', ['build', '-t', REDIS_IMAGE, folder], {
    log,
    remedy: 'Containers have to reach the package archives of this machine while they are built.',
  });
}

/** npm's own folder: beside the node executable, as every usual installation has it. */
function npmFolder() {
  const candidates = [
    findCommand('npm') && dirname(dirname(realpathSync(findCommand('npm')))),
    join(dirname(dirname(realpathSync(process.execPath))), 'lib/node_modules/npm'),
  ];
  const folder = candidates.find((path) => path && existsSync(join(path, 'bin/npm-cli.js')));
  if (!folder)
    throw new Failure('npm is not where Node.js is.', {
      why: `Looked in ${candidates.filter(Boolean).join(' and ')}.`,
      remedy: 'Install npm and run this again.',
    });
  return folder;
}

/** This machine's release and where it gets its packages, for mmdebstrap. */
function ownRelease() {
  const release = readOsRelease();
  const codename = release.VERSION_CODENAME;
  const own = readAptArchives().filter((entry) => codename && (entry.suite === codename || entry.suite.startsWith(`${codename}-`)));
  const main = own.filter((entry) => entry.components.includes('main'));
  if (!main.some((entry) => entry.suite === codename)) {
    throw new Failure(`No registry is in reach to pull ${NODE_IMAGE} and ${REDIS_IMAGE}.`, {
      why: 'Stand-ins can be made on Debian and Ubuntu only, and this machine has no package archive of its own release.',
      remedy: `Give Docker access to a registry, or load the images by hand (docker load) and run this again.`,
    });
  }
  const isUbuntu = release.ID === 'ubuntu';
  const sources = main
    .filter((entry) => !entry.suite.endsWith('-backports') && !entry.suite.endsWith('-proposed'))
    .map((entry) => `deb ${entry.uri} ${entry.suite} main${isUbuntu ? ' universe' : ''}`);
  return { codename, sources };
}

/**
 * Removes the images made here, unless images of another stack build on them.
 * @returns {Promise<{count: number, isInUse: boolean}>}
 */
export async function removeStandIns(log) {
  const others = await run('docker', ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', '--filter', 'reference=easyfaas/*'], {
    log,
    mayFail: true,
  });
  if (others.stdout.split('\n').some((name) => name && name !== STAND_IN_BASE)) return { count: 0, isInUse: true };
  let count = 0;
  for (const image of [NODE_IMAGE, REDIS_IMAGE, STAND_IN_BASE]) {
    const label = await run('docker', ['image', 'inspect', '--format', `{{index .Config.Labels "${STAND_IN_LABEL}"}}`, image], {
      log,
      mayFail: true,
    });
    if (label.stdout.trim() !== 'yes') continue;
    const removed = await run('docker', ['image', 'rm', image], { log, mayFail: true });
    if (removed.code === 0) count += 1;
  }
  return { count, isInUse: false };
}

// The images of this repository: built when their inputs changed, known by a label with the hash of the inputs.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_IMAGE, imageId } from './base-images.mjs';
import { run } from './run.mjs';
import { Failure } from './terminal.mjs';

const HASH_LABEL = 'easyfaas.inputs';
/** Which checkout of the machine has built an image. */
const CHECKOUT_LABEL = 'easyfaas.checkout';
/** What the shared first stage of all Dockerfiles copies. */
const SHARED_INPUTS = [
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
  '.dockerignore',
  'scripts/build.mjs',
  'packages',
  'services',
  'cli/package.json',
  'console/package.json',
  'test/package.json',
];

const ALL_IN_ONE_INPUTS = ['deploy/all-in-one', 'scripts/lib/service-programs.mjs', 'scripts/lib/supervisor.mjs'];

/** Of the classic builder and of BuildKit. */
const BUILD_STEP = /^(Step \d+\/\d+|#\d+ \[)/;

/** The languages of the checkout: every folder of `runtimes` with a manifest. */
function allRuntimes(root) {
  const names = readdirSync(join(root, 'runtimes')).filter((name) => existsSync(join(root, 'runtimes', name, 'runtime.json')));
  return names.map((name) => JSON.parse(readFileSync(join(root, 'runtimes', name, 'runtime.json'), 'utf8')));
}

/** Names of the languages to install. @param {string[]} wanted optional ones besides the others; `all` for every one */
export function chooseRuntimes(root, wanted = []) {
  const all = allRuntimes(root);
  const optional = all.filter(({ isOptional }) => isOptional).map(({ name }) => name);
  const unknown = wanted.filter((name) => name !== 'all' && !all.some((manifest) => manifest.name === name));
  if (unknown.length > 0)
    throw new Failure(`There is no runtime ${unknown.join(', ')}.`, {
      remedy: `Choose from ${optional.join(', ')}, or all; the others are always there.`,
    });
  return all.filter(({ name, isOptional }) => !isOptional || wanted.includes(name) || wanted.includes('all')).map(({ name }) => name);
}

/** What a stack of the compose file runs on, besides the languages. */
const SERVICES = ['controller', 'funclet'];

function imagesOf(root, runtimes) {
  const manifests = allRuntimes(root).map(({ name }) => `runtimes/${name}/runtime.json`);
  return [
    { name: 'controller', dockerfile: 'services/controller/Dockerfile', inputs: ['cli', 'console', ...manifests] },
    { name: 'funclet', dockerfile: 'services/funclet/Dockerfile', inputs: manifests },
    // After the two that it is put together from.
    { name: 'all-in-one', dockerfile: 'deploy/all-in-one/Dockerfile', inputs: ALL_IN_ONE_INPUTS, from: SERVICES },
    ...runtimes.map((name) => ({ name: `runtime-${name}`, dockerfile: `runtimes/${name}/Dockerfile`, inputs: [`runtimes/${name}`] })),
  ];
}

/**
 * @param {string[]} [services] images besides those of the languages
 * @returns {Promise<{built: string[], kept: string[]}>} names of the images
 */
export async function ensureImages({ root, tag, services = SERVICES, runtimes, log, say, show }) {
  const base = await imageId(NODE_IMAGE, log);
  const checkout = checkoutId(root);
  const built = [];
  const kept = [];
  const images = imagesOf(root, runtimes).filter(({ name }) => services.includes(name) || name.startsWith('runtime-'));
  for (const [index, image] of images.entries()) {
    const reference = `easyfaas/${image.name}:${tag}`;
    const parts = [];
    for (const name of image.from ?? []) parts.push({ name, id: await imageId(`easyfaas/${name}:${tag}`, log) });
    const seed = [base, ...parts.map(({ id }) => id)].join();
    const hash = hashInputs(root, [...(image.from === undefined ? SHARED_INPUTS : []), image.dockerfile, ...image.inputs], seed);
    const label = await run('docker', ['image', 'inspect', '--format', `{{index .Config.Labels "${HASH_LABEL}"}}`, reference], {
      log,
      mayFail: true,
    });
    if (label.code === 0 && label.stdout.trim() === hash) {
      kept.push(image.name);
      continue;
    }
    say(`${image.name} (${index + 1} of ${images.length})`);
    const args = [
      'build',
      '-f',
      image.dockerfile,
      '-t',
      reference,
      '--build-arg',
      `BASE_IMAGE=${NODE_IMAGE}`,
      ...parts.flatMap(({ name }) => ['--build-arg', `${name.toUpperCase()}_IMAGE=easyfaas/${name}:${tag}`]),
      '--label',
      `${HASH_LABEL}=${hash}`,
      '--build-arg',
      `CHECKOUT=${checkout}`,
      '--label',
      `${CHECKOUT_LABEL}=${checkout}`,
      '.',
    ];
    await run('docker', args, {
      log,
      cwd: root,
      onLine: (line) => BUILD_STEP.test(line) && show?.(line),
      remedy:
        'The lines above are the last of the build; the log has all. While images are built, containers have to reach the npm registry and the Debian archives.',
    });
    built.push(image.name);
  }
  // What the new images replaced; Docker keeps those that a container still uses.
  if (built.length > 0) await prune([HASH_LABEL, `${CHECKOUT_LABEL}=${checkout}`], log);
  return { built, kept };
}

/** Hex SHA-256 over names and contents of files, in a fixed order; tests and build results do not count. */
function hashInputs(root, paths, seed) {
  const hash = createHash('sha256').update(seed);
  const visit = (path) => {
    const full = join(root, path);
    if (!existsSync(full))
      throw new Failure(`${path} is missing.`, {
        why: 'The checkout is incomplete.',
        remedy: 'git status shows what is gone; git checkout brings it back.',
      });
    if (statSync(full).isDirectory()) {
      for (const name of readdirSync(full).sort()) {
        if (
          name === 'node_modules' ||
          name === 'dist' ||
          name === 'test' ||
          name === 'fixtures' ||
          name === '__pycache__' ||
          /\.test\.ts$|^README\.md$|^Dockerfile$/.test(name)
        )
          continue;
        visit(join(path, name));
      }
    } else {
      hash.update(`${path}\0`).update(readFileSync(full)).update('\0');
    }
  };
  for (const path of paths) visit(path);
  return hash.digest('hex');
}

/**
 * Removes the images of one tag that this checkout has built, and what the classic builder leaves of their first stages. Another checkout's
 * stay, also under the same tag.
 */
export async function removeImages(root, tag, log) {
  const checkout = checkoutId(root);
  for (const { name } of imagesOf(root, chooseRuntimes(root, ['all']))) {
    const reference = `easyfaas/${name}:${tag}`;
    const label = await run('docker', ['image', 'inspect', '--format', `{{index .Config.Labels "${CHECKOUT_LABEL}"}}`, reference], {
      log,
      mayFail: true,
    });
    if (label.code === 0 && label.stdout.trim() === checkout) await run('docker', ['image', 'rm', reference], { log, mayFail: true });
  }
  await prune([`${CHECKOUT_LABEL}=${checkout}`], log);
}

/** Images without a name that have all of these labels. */
async function prune(labels, log) {
  await run('docker', ['image', 'prune', '-f', ...labels.flatMap((label) => ['--filter', `label=${label}`])], { log, mayFail: true });
}

function checkoutId(root) {
  return createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 16);
}

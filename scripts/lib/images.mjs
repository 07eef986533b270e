// The images of this repository: built when their inputs changed, known by a label with the hash of the inputs.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_IMAGE, imageId } from './base-images.mjs';
import { run } from './run.mjs';
import { Failure } from './terminal.mjs';

const HASH_LABEL = 'easyfaas.inputs';
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
  'test/package.json',
];

/** Of the classic builder and of BuildKit. */
const BUILD_STEP = /^(Step \d+\/\d+|#\d+ \[)/;

export const IMAGES = [
  { name: 'controller', dockerfile: 'services/controller/Dockerfile', inputs: ['runtimes', 'cli'] },
  { name: 'funclet', dockerfile: 'services/funclet/Dockerfile', inputs: ['runtimes'] },
  { name: 'runtime-nodejs20', dockerfile: 'runtimes/nodejs20/Dockerfile', inputs: ['runtimes/nodejs20'] },
  { name: 'runtime-python3', dockerfile: 'runtimes/python3/Dockerfile', inputs: ['runtimes/python3'] },
];

/** @returns {Promise<{built: string[], kept: string[]}>} names of the images */
export async function ensureImages({ root, tag, log, say, show }) {
  const base = await imageId(NODE_IMAGE, log);
  const built = [];
  const kept = [];
  for (const [index, image] of IMAGES.entries()) {
    const reference = `easyfaas/${image.name}:${tag}`;
    const hash = hashInputs(root, [...SHARED_INPUTS, image.dockerfile, ...image.inputs], base);
    const label = await run('docker', ['image', 'inspect', '--format', `{{index .Config.Labels "${HASH_LABEL}"}}`, reference], {
      log,
      mayFail: true,
    });
    if (label.code === 0 && label.stdout.trim() === hash) {
      kept.push(image.name);
      continue;
    }
    say(`${image.name} (${index + 1} of ${IMAGES.length})`);
    const args = [
      'build',
      '-f',
      image.dockerfile,
      '-t',
      reference,
      '--build-arg',
      `BASE_IMAGE=${NODE_IMAGE}`,
      '--label',
      `${HASH_LABEL}=${hash}`,
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
  if (built.length > 0) await run('docker', ['image', 'prune', '-f', '--filter', `label=${HASH_LABEL}`], { log, mayFail: true });
  return { built, kept };
}

/** Hex SHA-256 over names and contents of files, in a fixed order; tests and build results do not count. */
function hashInputs(root, paths, seed) {
  const hash = createHash('sha256').update(String(seed));
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

/** Removes the images of one tag, and what the classic builder leaves of their first stages. */
export async function removeImages(tag, log) {
  for (const image of IMAGES) await run('docker', ['image', 'rm', `easyfaas/${image.name}:${tag}`], { log, mayFail: true });
  await run('docker', ['image', 'prune', '-f', '--filter', 'label=easyfaas.stage'], { log, mayFail: true });
}

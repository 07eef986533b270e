// One stack: a Compose project with its data directory, port and image tag. Brought up, asked, and taken down.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_IMAGE, REDIS_IMAGE, ensureBaseImages } from './base-images.mjs';
import { waitUntilReady } from './api.mjs';
import { ensureCompose } from './compose.mjs';
import { deleteDataDirectory, ensureDataDirectory, mountsBelow, releaseDataDirectory } from './data-directory.mjs';
import { findEgress, readInstanceId, removeEgress } from './egress.mjs';
import { ensureEngine } from './docker-engine.mjs';
import { chooseRuntimes, ensureImages, removeImages } from './images.mjs';
import { checkMachine } from './machine.mjs';
import { run } from './run.mjs';
import { Failure } from './terminal.mjs';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const READY_TIMEOUT_MS = 120_000;

/**
 * @typedef {{project: string, dataDir: string, listen: string, tag: string, runtimes: string[], env: Record<string, string>, isOurMount?: boolean}} Stack
 * `runtimes` are the optional languages that are wanted besides the others.
 * @returns {Stack}
 */
export function describeStack({ project, dataDir, port, tag, runtimes = [], env = {} }) {
  return { project, dataDir: resolve(dataDir), listen: `127.0.0.1:${port}`, tag, runtimes, env };
}

export const stackUrl = (stack) => `http://${stack.listen}`;
export const containerName = (stack, compose, service) => [stack.project, service, '1'].join(compose.major === 1 ? '_' : '-');

const stateFile = (project) => join(ROOT, '.easyfaas', `${project}.json`);

/** What a former `up` of that project wrote down, or undefined. */
export function readStack(project) {
  return existsSync(stateFile(project)) ? JSON.parse(readFileSync(stateFile(project), 'utf8')) : undefined;
}

function rememberStack(stack) {
  mkdirSync(dirname(stateFile(stack.project)), { recursive: true });
  writeFileSync(stateFile(stack.project), `${JSON.stringify(stack, null, 2)}\n`);
}

function composeEnv(stack) {
  return {
    EASYFAAS_DATA_DIR: stack.dataDir,
    EASYFAAS_LISTEN: stack.listen,
    EASYFAAS_IMAGE_TAG: stack.tag,
    EASYFAAS_BASE_IMAGE: NODE_IMAGE,
    EASYFAAS_REDIS_IMAGE: REDIS_IMAGE,
    ...(stack.runtimes?.length > 0 ? { EASYFAAS_RUNTIMES: chooseRuntimes(ROOT, stack.runtimes).join(',') } : {}),
    // Classic output: what goes to a log is read by people.
    COMPOSE_ANSI: 'never',
    ...stack.env,
  };
}

export function runCompose(stack, compose, args, options = {}) {
  return run(compose.command, [...compose.prefix, '-p', stack.project, ...args], { cwd: ROOT, env: composeEnv(stack), ...options });
}

/**
 * Docker, base images and our images, and unless it is not wanted Compose: what every stack on this machine shares.
 * @param {string[]} [runtimes] optional languages to install; `all` for every one
 * @param {string[]} [services] images besides those of the languages; those of the compose file
 */
export async function prepareMachine(terminal, { log, tag, runtimes, services, hasCompose = true }) {
  await terminal.step('Machine', ({ note }) => {
    checkMachine();
    note(`Node.js ${process.versions.node} on Linux ${process.arch}`);
  });
  const engine = await terminal.step('Docker Engine', async ({ say, note }) => {
    const answer = await ensureEngine({ log, say });
    note(`Docker Engine ${answer.version}${answer.action === 'found' ? '' : ` (${answer.action} now)`}`);
    return answer;
  });
  const compose = hasCompose ? await terminal.step('Docker Compose', (step) => prepareCompose(step, log)) : undefined;
  await terminal.step('Base images', async ({ say, note }) => {
    const wanted = hasCompose ? [NODE_IMAGE, REDIS_IMAGE] : [NODE_IMAGE];
    const { action } = await ensureBaseImages({ log, say, wanted });
    const words = { found: 'present', pulled: 'pulled', built: 'made on this machine, no registry in reach' };
    note(`${wanted.length === 1 ? 'Base image' : 'Base images'} ${wanted.join(' and ')}: ${words[action]}`);
  });
  await terminal.step('EasyFaaS images', async ({ say, show, note }) => {
    const { built, kept } = await ensureImages({ root: ROOT, tag, services, runtimes: chooseRuntimes(ROOT, runtimes), log, say, show });
    note(built.length === 0 ? `EasyFaaS images: unchanged (${kept.length})` : `EasyFaaS images: built ${built.join(', ')}`);
  });
  return { engine, compose };
}

async function prepareCompose({ say, note }, log) {
  const answer = await ensureCompose({ log, say });
  note(`Docker Compose ${answer.version}${answer.action === 'found' ? '' : ' (installed now)'}`);
  return answer;
}

/** Starts the stack and waits until it takes calls. */
export async function startStack(terminal, stack, { compose, log }) {
  await terminal.step('Data directory', async ({ note }) => {
    const { action } = await ensureDataDirectory(stack.dataDir, { log });
    stack.isOurMount =
      action === 'mounted' || Boolean(readStack(stack.project)?.isOurMount && mountsBelow(stack.dataDir).includes(stack.dataDir));
    rememberStack(stack);
    note(`Data directory ${stack.dataDir}${action === 'mounted' ? ' (made a shared mount)' : ''}`);
  });
  await terminal.step('Starting', async ({ say, note }) => {
    await checkPort(stack, log);
    say('redis, runtime checks, funclet, controller');
    const started = await runCompose(stack, compose, ['up', '-d', '--no-build', '--remove-orphans'], {
      log,
      mayFail: true,
      timeoutMs: 240_000,
    });
    if (started.code !== 0)
      throw await explain(stack, compose, log, 'The stack did not start.', started.stderr.trim().split('\n').slice(-6).join('\n'));
    say(`waiting for ${stackUrl(stack)}/readyz`);
    const refusal = await waitUntilReady(stackUrl(stack), { withinMs: READY_TIMEOUT_MS });
    if (refusal)
      throw await explain(
        stack,
        compose,
        log,
        `The stack was not ready within ${READY_TIMEOUT_MS / 1000} s.`,
        `GET ${stackUrl(stack)}/readyz: ${refusal}`,
      );
    note(`Ready at ${stackUrl(stack)}`);
  });
}

/** Refuses a port that another program has, before anything is started. */
async function checkPort(stack, log) {
  const label = (name, value) => ['--filter', `label=com.docker.compose.${name}=${value}`];
  const own = await run('docker', ['ps', '-q', ...label('project', stack.project), ...label('service', 'controller')], {
    log,
    mayFail: true,
  });
  const [host, port] = stack.listen.split(':');
  if (own.stdout.trim() || !(await isTaken(host, Number(port)))) return;
  throw new Failure(`Port ${port} is taken.`, {
    why: `Another program listens on ${stack.listen}; \`ss -ltnp\` shows which.`,
    remedy: `End it, or choose another port: npm run up -- --port ${Number(port) + 1}`,
  });
}

function isTaken(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
    socket.on('timeout', () => end(false));
  });
}

/** A failure with the last words of the services that are not well. */
async function explain(stack, compose, log, what, why) {
  const rows = await run(
    'docker',
    ['ps', '-a', '--filter', `label=com.docker.compose.project=${stack.project}`, '--format', '{{.Names}}|{{.Status}}'],
    { log, mayFail: true },
  );
  const services = rows.stdout
    .split('\n')
    .filter(Boolean)
    .map((row) => row.split('|'));
  const words = [why];
  for (const [name, status] of services) {
    if (/^Exited \(0\)/.test(status)) continue;
    const logs = await run('docker', ['logs', '--tail', '6', name], { log, mayFail: true });
    words.push(
      `${name}: ${status}`,
      ...`${logs.stdout}${logs.stderr}`
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => `  ${line.slice(0, 400)}`),
    );
  }
  const command = [compose.command, ...compose.prefix, '-p', stack.project].join(' ');
  return new Failure(what, {
    why: words.join('\n'),
    remedy: `\`${command} logs\` shows everything the services said. \`npm run down\` cleans up; then run this again.`,
  });
}

/** Containers of functions of one stack: those that have something of its data directory mounted. */
export async function functionContainers(stack, log) {
  const listed = await run('docker', ['ps', '-aq', '--filter', 'label=easyfaas.instance'], { log, mayFail: true });
  const ids = listed.stdout.split('\n').filter(Boolean);
  if (ids.length === 0) return [];
  const inspected = await run('docker', ['inspect', '--format', '{{.Id}}|{{range .Mounts}}{{.Source}},{{end}}', ...ids], { mayFail: true });
  return inspected.stdout
    .split('\n')
    .map((row) => row.split('|'))
    .filter(([, sources]) => sources?.split(',').some((source) => source.startsWith(`${stack.dataDir}/`)))
    .map(([id]) => id);
}

/**
 * Takes a stack down: services, containers of functions, mounts; with `purge` also volumes, images of that tag and the data directory.
 * @returns {Promise<{containers: number, mounts: number}>}
 */
export async function stopStack(stack, { compose, log, purge, keepImages = false }) {
  await runCompose(stack, compose, ['down', '--remove-orphans', '--timeout', '30', ...(purge ? ['--volumes'] : [])], {
    log,
    timeoutMs: 180_000,
    remedy: 'Run `npm run down` again; `docker ps` shows what is left.',
  });
  // Compose leaves a volume that it has not made itself, as one into which a backup was restored.
  if (purge)
    await run('docker', ['volume', 'rm', '-f', `${stack.project}_redis-data`, `${stack.project}_redis-socket`], { log, mayFail: true });
  const ids = await functionContainers(stack, log);
  if (ids.length > 0) await run('docker', ['rm', '-f', '-v', ...ids], { log, mayFail: true, timeoutMs: 120_000 });
  const instanceId = readInstanceId(stack.dataDir);
  if (instanceId) await removeEgress(instanceId, { tag: stack.tag, log });
  const mounts = await releaseDataDirectory(stack.dataDir, { log, isOurMount: stack.isOurMount, image: NODE_IMAGE });
  if (purge) {
    if (!keepImages) await removeImages(ROOT, stack.tag, log);
    await deleteDataDirectory(stack.dataDir, { log, image: NODE_IMAGE });
  }
  if (instanceId) stack.instanceId = instanceId;
  // Kept otherwise: the next `npm run up` finds the same data directory and port.
  if (purge) rmSync(stateFile(stack.project), { force: true });
  return { containers: ids.length, mounts };
}

/** What is still there of a stack that was taken down with `purge`: one line per thing, empty when clean. */
export async function findLeftovers(stack, log) {
  const left = [];
  const label = `label=com.docker.compose.project=${stack.project}`;
  for (const [kind, args] of [
    ['container', ['ps', '-aq', '--filter', label]],
    ['network', ['network', 'ls', '-q', '--filter', label]],
    ['volume', ['volume', 'ls', '-q', '--filter', label]],
  ]) {
    const answer = await run('docker', args, { log, mayFail: true });
    left.push(
      ...answer.stdout
        .split('\n')
        .filter(Boolean)
        .map((id) => `${kind} ${id}`),
    );
  }
  if (stack.instanceId) {
    const { guards, networks } = await findEgress(stack.instanceId, log);
    left.push(...guards.map((id) => `guard of egress ${id}`), ...networks.map((id) => `network of egress ${id}`));
  }
  left.push(...(await functionContainers(stack, log)).map((id) => `container of a function ${id}`));
  left.push(...mountsBelow(stack.dataDir).map((path) => `mount ${path}`));
  if (existsSync(stack.dataDir)) left.push(`folder ${stack.dataDir}`);
  return left;
}

// Redis, funclet and controller as processes of this machine, with a data directory of their own, for work on the services.
// When: to try, profile or test a change without building images. Needs: root, Docker, redis-server, `npm ci`, and the
// runtime images (`node scripts/up.mjs` builds them). Usage: node scripts/dev-stack.mjs [--no-build] [--controller-flags=...]
// Environment of the services is passed on (EASYFAAS_POOL_MIN and so on). Prints one line of JSON when it is ready; ends all
// that it started on SIGINT or SIGTERM.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readInstanceId, removeEgress } from './lib/egress.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const option = (name) =>
  process.argv
    .find((argument) => argument.startsWith(`--${name}=`))
    ?.split('=')
    .slice(1)
    .join('=');
const processes = [];

if (!process.argv.includes('--no-build')) {
  const programs = ['controller', 'inspection-worker', 'funclet'];
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), ...programs], { stdio: ['ignore', 'ignore', 'inherit'] });
}

// Unix socket paths below it have to stay short. Docker wants it to be a shared mount: code is mounted into running containers.
const dataDir = mkdtempSync('/tmp/efdev-');
execFileSync('mount', ['--bind', dataDir, dataDir]);
execFileSync('mount', ['--make-rshared', dataDir]);
mkdirSync(join(dataDir, 'redis'));
const redisSocket = join(dataDir, 'redis', 's');
const label = `efdev-${process.pid}`;
const port = await freePort();
const url = `http://127.0.0.1:${port}`;

const environment = {
  ...process.env,
  NODE_ENV: 'production',
  EASYFAAS_DATA_DIR: dataDir,
  EASYFAAS_RUNTIMES_DIR: join(root, 'runtimes'),
  EASYFAAS_REDIS_URL: `unix://${redisSocket}`,
  EASYFAAS_LISTEN: `127.0.0.1:${port}`,
  EASYFAAS_LABELS: [process.env.EASYFAAS_LABELS, `easyfaas.test-run=${label}`].filter(Boolean).join(','),
};

process.on('SIGINT', () => void end(0));
process.on('SIGTERM', () => void end(0));

// As durable as in docker-compose.yml: what an event costs depends on it.
const storage = ['--dir', join(dataDir, 'redis'), '--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
start('redis', 'redis-server', ['--port', '0', '--unixsocket', redisSocket, ...storage]);
start('funclet', process.execPath, ['--max-semi-space-size=4', '--expose-gc', join(root, 'services/funclet/dist/main.cjs')]);
await sleep(300);
const flags = option('controller-flags')?.split(' ') ?? [];
const controller = start('controller', process.execPath, [
  '--max-semi-space-size=64',
  '--heap-growing-percent=300',
  '--expose-gc',
  ...flags,
  join(root, 'services/controller/dist/main.cjs'),
]);

const readyBy = Date.now() + 60_000;
for (;;) {
  const answer = await fetch(`${url}/readyz`).catch(() => undefined);
  if (answer?.ok) break;
  const gone = processes.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
  if (gone !== undefined) {
    process.stderr.write(`dev-stack: ${gone.name} ended before it was ready:\n${lastLines(gone.name)}\n`);
    await end(1);
  }
  if (Date.now() > readyBy) {
    process.stderr.write(`dev-stack: not ready after 60 s: ${answer === undefined ? 'no answer' : await answer.text()}\n`);
    await end(1);
  }
  await sleep(100);
}
const key = readFileSync(join(dataDir, 'admin.key'), 'utf8').trim();
const pids = Object.fromEntries(processes.map(({ name, child }) => [name, child.pid]));
process.stdout.write(`${JSON.stringify({ url, key, dataDir, pids, logs: join(dataDir, '<name>.log') })}\n`);
controller.once('exit', () => void end(1));

function start(name, command, args) {
  const log = openSync(join(dataDir, `${name}.log`), 'a');
  const child = spawn(command, args, { cwd: root, env: environment, stdio: ['ignore', log, log] });
  child.once('error', (error) => process.stderr.write(`dev-stack: ${name}: ${error.message}\n`));
  processes.push({ name, child });
  return child;
}

function lastLines(name) {
  return readFileSync(join(dataDir, `${name}.log`), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-5)
    .join('\n');
}

/** In the reverse order of starting; then whatever they left: containers of this run, mounts, the directory. */
async function end(code) {
  if (end.isUnderWay) return;
  end.isUnderWay = true;
  for (const { child } of processes.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exited = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(timer);
  }
  removeContainers();
  await leaveEgress();
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  const own = mounts.filter((path) => path === dataDir || path.startsWith(`${dataDir}/`));
  for (const path of own.sort((a, b) => b.length - a.length)) execFileSync('umount', ['-l', path], { stdio: 'ignore' });
  rmSync(dataDir, { recursive: true, force: true });
  process.exit(code);
}

/** What the funclet could not remove any more. Without Docker there is nothing to remove, and the rest is cleaned up all the same. */
function removeContainers() {
  try {
    const left = execFileSync('docker', ['ps', '-aq', '--filter', `label=easyfaas.test-run=${label}`])
      .toString()
      .split('\n')
      .filter(Boolean);
    if (left.length > 0) execFileSync('docker', ['rm', '-f', ...left], { stdio: 'ignore' });
  } catch (error) {
    process.stderr.write(`dev-stack: containers with the label easyfaas.test-run=${label} may be left: ${error.message}\n`);
  }
}

async function leaveEgress() {
  const instanceId = readInstanceId(dataDir);
  if (instanceId) await removeEgress(instanceId, { tag: process.env.EASYFAAS_IMAGE_TAG || 'latest' });
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port: free } = server.address();
  await new Promise((done) => server.close(done));
  return free;
}

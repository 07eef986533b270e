// Redis, funclet and controller as processes of this machine, with a data directory of their own, for work on the services.
// When: to try, profile or test a change without building images. Needs: root, Docker, redis-server, `npm ci`, and the
// runtime images (`node scripts/up.mjs` builds them). Usage: node scripts/dev-stack.mjs [--no-build] [--controller-flags=...]
// Environment of the services is passed on (EASYFAAS_POOL_MIN and so on). Prints one line of JSON when it is ready; ends all
// that it started on SIGINT or SIGTERM.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureDataDirectory, releaseDataDirectory } from './lib/data-directory.mjs';
import { readInstanceId, removeEgress } from './lib/egress.mjs';
import { makeServiceDirectories, servicePrograms } from './lib/service-programs.mjs';
import { ROOT as root } from './lib/stack.mjs';
import { Supervisor } from './lib/supervisor.mjs';

const option = (name) =>
  process.argv
    .find((argument) => argument.startsWith(`--${name}=`))
    ?.split('=')
    .slice(1)
    .join('=');

if (!process.argv.includes('--no-build')) {
  const programs = ['controller', 'inspection-worker', 'funclet', 'console'];
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), ...programs], { stdio: ['ignore', 'ignore', 'inherit'] });
}

// Unix socket paths below it have to stay short.
const dataDir = mkdtempSync('/tmp/efdev-');
const { action } = await ensureDataDirectory(dataDir, {});
makeServiceDirectories(dataDir, {});
const label = `efdev-${process.pid}`;
const port = await freePort();
const url = `http://127.0.0.1:${port}`;

const programs = servicePrograms({
  dataDir,
  bundles: { controller: join(root, 'services/controller/dist/main.cjs'), funclet: join(root, 'services/funclet/dist/main.cjs') },
  isConfined: false,
  controllerFlags: option('controller-flags')?.split(' '),
  env: {
    ...process.env,
    // Its own, whatever this machine uses otherwise.
    EASYFAAS_REDIS_URL: '',
    EASYFAAS_RUNTIMES_DIR: join(root, 'runtimes'),
    EASYFAAS_LISTEN: `127.0.0.1:${port}`,
    EASYFAAS_LABELS: [process.env.EASYFAAS_LABELS, `easyfaas.test-run=${label}`].filter(Boolean).join(','),
    EASYFAAS_AT_STOP: process.env.EASYFAAS_AT_STOP || 'remove',
  },
});
const supervisor = new Supervisor(programs, {
  cwd: root,
  isOneTime: true,
  outputOf: (name) => openSync(join(dataDir, `${name}.log`), 'a'),
  tell: (message, fields) => process.stderr.write(`dev-stack: ${message} ${JSON.stringify(fields)}\n`),
});

process.on('SIGINT', () => void end(0));
process.on('SIGTERM', () => void end(0));

supervisor.start();
const readyBy = Date.now() + 60_000;
for (;;) {
  const answer = await fetch(`${url}/readyz`).catch(() => undefined);
  if (answer?.ok) break;
  if (supervisor.ended !== undefined) {
    process.stderr.write(`dev-stack: ${supervisor.ended} ended before it was ready:\n${lastLines(supervisor.ended)}\n`);
    await end(1);
  }
  if (Date.now() > readyBy) {
    process.stderr.write(`dev-stack: not ready after 60 s: ${answer === undefined ? 'no answer' : await answer.text()}\n`);
    await end(1);
  }
  await sleep(100);
}
const key = readFileSync(join(dataDir, 'admin.key'), 'utf8').trim();
process.stdout.write(`${JSON.stringify({ url, key, dataDir, pids: supervisor.pids, logs: join(dataDir, '<name>.log') })}\n`);
while (supervisor.pids.controller !== undefined) await sleep(500);
await end(1);

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
  await supervisor.stop();
  removeContainers();
  await leaveEgress();
  await releaseDataDirectory(dataDir, { isOurMount: action === 'mounted' });
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

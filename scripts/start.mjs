// Runs EasyFaaS from its sources on this machine, without containers for the services: Redis, funclet and controller as processes, until
// SIGTERM or Ctrl-C. When: `npm run start`. Needs: Linux, Node.js 20, root; what else is missing is installed on Debian and Ubuntu as by
// `npm run up`. Data stays in one folder. Standard output has the services' logs, standard error what is done before they start.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './lib/command.mjs';
import { ensureDataDirectory, releaseDataDirectory } from './lib/data-directory.mjs';
import { chooseRuntimes } from './lib/images.mjs';
import { aptInstall, isRoot } from './lib/machine.mjs';
import { findCommand, run } from './lib/run.mjs';
import { makeServiceDirectories, servicePrograms } from './lib/service-programs.mjs';
import { ROOT, prepareMachine } from './lib/stack.mjs';
import { superviseUntilSignal } from './lib/supervisor.mjs';
import { Failure } from './lib/terminal.mjs';

const USAGE = `npm run start -- [options]
  --data-dir <path>     where functions and keys are kept  (EASYFAAS_DATA_DIR, else /var/lib/easyfaas)
  --tag <tag>           tag of the images of the languages (EASYFAAS_IMAGE_TAG, else latest)
  --with <runtimes>     further languages, such as php8,ruby3, or all
  --prepare             install and build what is missing, and end
  --no-prepare          start at once: all is there

Settings are environment variables: docs/operations.md. With EASYFAAS_REDIS_URL that Redis is used, else one is started.`;

const options = {
  'data-dir': { type: 'string' },
  tag: { type: 'string' },
  with: { type: 'string', default: '' },
  prepare: { type: 'boolean', default: false },
  'no-prepare': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};
const bundles = { controller: join(ROOT, 'services/controller/dist/main.cjs'), funclet: join(ROOT, 'services/funclet/dist/main.cjs') };

async function main(values, terminal, log) {
  const dataDir = values['data-dir'] ?? (process.env.EASYFAAS_DATA_DIR || '/var/lib/easyfaas');
  const tag = values.tag ?? (process.env.EASYFAAS_IMAGE_TAG || 'latest');
  const runtimes = values.with.split(',').filter(Boolean);
  if (!isRoot())
    throw new Failure('npm run start needs root.', {
      why: 'Code is mounted into running containers. The controller and Redis give their rights up: they run as users 10000 and 10002.',
      remedy: 'sudo npm run start; or npm run up, for which the right to use Docker is enough.',
    });
  if (!values['no-prepare']) await prepare(terminal, log, { tag, runtimes });
  if (values.prepare) return;
  // Where they are missing although nobody was to prepare anything.
  for (const path of Object.values(bundles))
    if (!existsSync(path)) throw new Failure(`${path} is missing.`, { remedy: 'npm run start -- --prepare' });
  const { action } = await ensureDataDirectory(dataDir, { log });
  makeServiceDirectories(dataDir, process.env);
  await checkReachable(dataDir, log);
  const env = {
    ...process.env,
    EASYFAAS_IMAGE_TAG: tag,
    EASYFAAS_RUNTIMES_DIR: process.env.EASYFAAS_RUNTIMES_DIR || join(ROOT, 'runtimes'),
    EASYFAAS_RUNTIMES: process.env.EASYFAAS_RUNTIMES || (runtimes.length > 0 ? chooseRuntimes(ROOT, runtimes).join(',') : ''),
    EASYFAAS_AT_STOP: process.env.EASYFAAS_AT_STOP || 'remove',
  };
  terminal.print(`Starting with ${dataDir}; its admin key will be in ${join(dataDir, 'admin.key')}. Ctrl-C stops it.`);
  await superviseUntilSignal(servicePrograms({ dataDir, bundles, isConfined: true, env }), { cwd: '/' });
  if (action === 'mounted') await releaseDataDirectory(dataDir, { log, isOurMount: true });
}

/** The programs have users of their own, and may be kept out by a folder further up. */
async function checkReachable(dataDir, log) {
  const args = ['--reuid', '10000', '--regid', '10000', '--clear-groups', 'test', '-w', dataDir];
  if ((await run('setpriv', args, { log, mayFail: true })).code === 0) return;
  throw new Failure(`User 10000 cannot write to ${dataDir}.`, {
    why: 'The folder belongs to somebody else, or one above it is closed to others.',
    remedy: `chmod o+x the folders above, or choose another one with --data-dir; /var/lib/easyfaas needs nothing.`,
  });
}

async function prepare(terminal, log, { tag, runtimes }) {
  // Of the images only those that containers are made from: functions' and the guard's.
  await prepareMachine(terminal, { log, tag, runtimes, services: ['funclet'], hasCompose: false });
  if (!process.env.EASYFAAS_REDIS_URL && !findCommand('redis-server'))
    await terminal.step('Redis', ({ say }) => aptInstall(['redis-server'], { log, say }));
  if (!existsSync(join(ROOT, 'node_modules/.package-lock.json')))
    await terminal.step('npm ci', () => run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: ROOT, log }));
  await terminal.step('Programs', () => run(process.execPath, [join(ROOT, 'scripts/build.mjs')], { cwd: ROOT, log }));
}

await runCommand({ options, usage: USAGE, logName: () => 'start.log', stream: () => process.stderr, main });

// EasyFaaS in one container beside the Docker socket. When: `npm run all-in-one`. Builds the image as `npm run up` builds its own, makes the
// data directory a shared mount where it is none, and runs the `docker run` line of docs/guides/ways-to-start.md. Needs what `npm run up` needs.
import { join } from 'node:path';
import { runCommand } from './lib/command.mjs';
import { waitUntilReady } from './lib/api.mjs';
import { ensureDataDirectory } from './lib/data-directory.mjs';
import { chooseRuntimes } from './lib/images.mjs';
import { run } from './lib/run.mjs';
import { ROOT, prepareMachine } from './lib/stack.mjs';
import { Failure } from './lib/terminal.mjs';

const READY_TIMEOUT_MS = 120_000;
const USAGE = `npm run all-in-one -- [options]
  --name <name>         name of the container              (easyfaas)
  --data-dir <path>     where functions and keys are kept  (/var/lib/easyfaas)
  --tag <tag>           tag of the images                  (latest)
  --with <runtimes>     further languages, such as php8,ruby3, or all
  --env <NAME=value>    a setting, any number of times: docs/operations.md
  --label <name=value>  a label of the container, any number of times
  --build               build the images, and end
  --no-prepare          start at once: the images are there
  --print               print the docker run line, and end

It stops with docker stop, which also removes the containers of functions; docker start continues with the same data.`;

const options = {
  name: { type: 'string', default: 'easyfaas' },
  'data-dir': { type: 'string', default: '/var/lib/easyfaas' },
  tag: { type: 'string', default: 'latest' },
  with: { type: 'string', default: '' },
  env: { type: 'string', multiple: true, default: [] },
  label: { type: 'string', multiple: true, default: [] },
  build: { type: 'boolean', default: false },
  'no-prepare': { type: 'boolean', default: false },
  print: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};

/** The arguments of docker, in lines as a person would break them. */
function dockerRun({ name, 'data-dir': dataDir, tag, env, label }) {
  return [
    ['run', '-d', '--name', name, '--restart', 'unless-stopped', '--stop-timeout', '120'],
    // As in the compose file: no hop between the API and who calls it from this machine.
    ['--network', 'host', '--read-only', '--tmpfs', '/tmp', '--pids-limit', '1024', '--memory', '2g'],
    // mount(2); the rest is for the supervisor, to take rights away from what it starts and to end it.
    [
      '--cap-drop',
      'ALL',
      '--cap-add',
      'SYS_ADMIN',
      '--cap-add',
      'SETUID',
      '--cap-add',
      'SETGID',
      '--cap-add',
      'SETPCAP',
      '--cap-add',
      'KILL',
    ],
    ['--security-opt', 'no-new-privileges', '--security-opt', 'apparmor=unconfined'],
    ['--log-opt', 'max-size=10m', '--log-opt', 'max-file=3'],
    ['-v', '/var/run/docker.sock:/var/run/docker.sock', '-v', '/sys/fs/cgroup:/host/cgroup'],
    ['-v', `${dataDir}:${dataDir}:rshared`],
    [
      ...(dataDir === options['data-dir'].default ? [] : ['-e', `EASYFAAS_DATA_DIR=${dataDir}`]),
      ...(tag === options.tag.default ? [] : ['-e', `EASYFAAS_IMAGE_TAG=${tag}`]),
      ...env.flatMap((setting) => ['-e', setting]),
      ...label.flatMap((each) => ['--label', each]),
    ],
    [`easyfaas/all-in-one:${tag}`],
  ].filter((line) => line.length > 0);
}

async function main(values, terminal, log) {
  const runtimes = values.with.split(',').filter(Boolean);
  if (runtimes.length > 0) values.env.push(`EASYFAAS_RUNTIMES=${chooseRuntimes(ROOT, runtimes).join(',')}`);
  const lines = dockerRun(values);
  if (values.print) {
    process.stdout.write(`docker ${lines.map((line) => line.join(' ')).join(' \\\n  ')}\n`);
    return;
  }
  const services = ['controller', 'funclet', 'all-in-one'];
  if (!values['no-prepare']) await prepareMachine(terminal, { log, tag: values.tag, runtimes, services, hasCompose: false });
  if (values.build) return;
  const dataDir = values['data-dir'];
  await ensureDataDirectory(dataDir, { log });
  const url = `http://${values.env.findLast((each) => each.startsWith('EASYFAAS_LISTEN='))?.split('=')[1] ?? '127.0.0.1:8080'}`;
  await terminal.step('Starting', async ({ say, note }) => {
    await run('docker', lines.flat(), {
      log,
      remedy: `docker start ${values.name}, if it is there already; docker rm ${values.name} to make it anew.`,
    });
    say(`waiting for ${url}/readyz`);
    const refusal = await waitUntilReady(url, { withinMs: READY_TIMEOUT_MS });
    if (refusal)
      throw new Failure(`${values.name} was not ready within ${READY_TIMEOUT_MS / 1000} s.`, {
        why: refusal,
        remedy: `docker logs ${values.name} shows what the services said.`,
      });
    note(`Ready at ${url}`);
  });
  terminal.print(`\n  EasyFaaS is up at ${terminal.bold(url)}; its admin key is in ${join(dataDir, 'admin.key')}\n`);
  terminal.print(`  Web console: ${terminal.bold(`${url}/console`)}, signed in to with that key\n`);
  terminal.print(`export EASYFAAS_URL=${url} EASYFAAS_KEY=$(sudo cat ${join(dataDir, 'admin.key')})`);
  terminal.print(`Stop it: docker stop ${values.name}    More: docs/guides/ways-to-start.md`);
}

await runCommand({ options, usage: USAGE, logName: () => 'all-in-one.log', main });

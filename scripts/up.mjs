// Brings EasyFaaS up on this machine and shows a first function call. When: `npm run up`, as often as you like.
// Needs: Linux and Node.js 20. Root where Docker or Compose is missing, or where mounts are private (no systemd).
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './lib/command.mjs';
import { callFunction, deploySource, readKey, waitForColdContainer } from './lib/api.mjs';
import { run } from './lib/run.mjs';
import { ROOT, containerName, describeStack, prepareMachine, readStack, stackUrl, startStack } from './lib/stack.mjs';
import { Failure } from './lib/terminal.mjs';

/** The pool is filled after the start; a first call that comes earlier would measure the making of a container. */
const POOL_WAIT_MS = 10_000;
const WARM_CALLS = 9;

const USAGE = `npm run up -- [options]
  --port <number>       port on 127.0.0.1                  (8080)
  --data-dir <path>     where functions and keys are kept  (/var/lib/easyfaas)
  --project <name>      Compose project; one per stack     (easyfaas)
  --tag <tag>           tag of the images                  (latest)
  --with <runtimes>     further languages, such as php8,ruby3, or all; "" for none (those of the last time)
  --no-hello            do not deploy and call examples/hello-node
  --json                print the result as JSON on standard output, progress on standard error`;

const options = {
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  project: { type: 'string', default: 'easyfaas' },
  tag: { type: 'string' },
  with: { type: 'string' },
  'no-hello': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};

async function main(values, terminal, log) {
  const startedAt = performance.now();
  const former = readStack(values.project);
  const stack = describeStack({
    project: values.project,
    dataDir: values['data-dir'] ?? former?.dataDir ?? process.env.EASYFAAS_DATA_DIR ?? '/var/lib/easyfaas',
    port: readPort(values.port ?? former?.listen.split(':').at(-1) ?? '8080'),
    tag: values.tag ?? former?.tag ?? 'latest',
    runtimes: values.with?.split(',').filter(Boolean) ?? former?.runtimes ?? [],
  });
  if (former && former.dataDir !== stack.dataDir) {
    throw new Failure(`Project ${stack.project} already uses ${former.dataDir}.`, {
      why: 'One project has one data directory.',
      remedy: `npm run down -- --project ${stack.project}, or choose another name with --project.`,
    });
  }

  terminal.print(`${terminal.bold('EasyFaaS')}: checks this machine, installs what is missing, builds the images and starts the stack.\n`);
  const { compose } = await prepareMachine(terminal, { log, tag: stack.tag, runtimes: stack.runtimes });
  await startStack(terminal, stack, { compose, log });
  const url = stackUrl(stack);
  const keyFile = join(stack.dataDir, 'admin.key');
  const { key, isReadable } = await readKey({ dataDir: stack.dataDir, controller: containerName(stack, compose, 'controller'), log });
  await terminal.step('Command line', async ({ note }) => {
    await copyCommandLine(containerName(stack, compose, 'controller'), log);
    note('Command line: ./easyfaas --help');
  });
  const hello = values['no-hello']
    ? undefined
    : await terminal.step('First function', ({ say, note }) => sayHello(url, key, { say, note }));

  const result = { url, keyFile, dataDir: stack.dataDir, project: stack.project, tag: stack.tag, compose: compose.version, hello };
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    printNextSteps(terminal, {
      ...result,
      isReadable,
      controller: containerName(stack, compose, 'controller'),
      tookMs: performance.now() - startedAt,
    });
}

/** The image of the controller has it built: this machine needs no compiler and no packages for it. */
async function copyCommandLine(controller, log) {
  const folder = join(ROOT, 'cli/dist');
  mkdirSync(folder, { recursive: true });
  await run('docker', ['cp', `${controller}:/app/easyfaas.cjs`, join(folder, 'easyfaas.cjs')], { log });
}

async function sayHello(url, key, { say, note }) {
  const source = readFileSync(join(ROOT, 'examples/hello-node/index.js'));
  say('deploying examples/hello-node as "hello"');
  await deploySource(url, { key, name: 'hello', runtime: 'nodejs20', handler: 'index.handler', type: 'text/javascript', source });
  say('waiting for a cold container');
  await waitForColdContainer(url, { key, runtime: 'nodejs20', withinMs: POOL_WAIT_MS });
  say('calling it');
  const event = { name: 'EasyFaaS' };
  const first = await callFunction(url, { key, name: 'hello', event });
  const later = [];
  for (let index = 0; index < WARM_CALLS; index += 1) later.push(await callFunction(url, { key, name: 'hello', event }));
  const medianMs = later.map((call) => call.tookMs).sort((a, b) => a - b)[Math.floor(WARM_CALLS / 2)];
  note(
    `First function: first call ${first.tookMs.toFixed(0)} ms${first.start ? ` (${first.start})` : ''}, calls after it ${medianMs.toFixed(1)} ms`,
  );
  return { answer: JSON.parse(first.text), start: first.start, firstMs: round(first.tookMs), warmMs: round(medianMs) };
}

function printNextSteps(terminal, result) {
  const { print, bold, dim } = terminal;
  const readKeyCommand = result.isReadable ? `cat ${result.keyFile}` : `docker exec ${result.controller} cat ${result.keyFile}`;
  const project = result.project === 'easyfaas' ? '' : ` -- --project ${result.project}`;
  print();
  if (result.hello) print(`  hello answered ${bold(JSON.stringify(result.hello.answer))}`);
  print(`  EasyFaaS is up at ${bold(result.url)} after ${(result.tookMs / 1000).toFixed(0)} s; its admin key is in ${result.keyFile}\n`);
  print(`  Web console: ${bold(`${result.url}/console`)}, signed in to with that key\n`);
  print(dim('# call it yourself'));
  print(`export EASYFAAS_URL=${result.url} EASYFAAS_KEY=$(${readKeyCommand})`);
  print(`./easyfaas invoke hello -d '{"name":"you"}' --log\n`);
  print(dim('# a function of your own; dev deploys and calls it at each save'));
  print(`./easyfaas init sum && ./easyfaas dev sum\n`);
  print(dim('# clients of AWS Lambda: docs/guides/from-lambda.md'));
  print(`eval "$(./easyfaas keys aws)" && aws lambda list-functions --endpoint-url $EASYFAAS_URL\n`);
  print(dim('# the same without the command line'));
  print(`curl -sS $EASYFAAS_URL/v1/functions/hello/invocations -H "Authorization: Bearer $EASYFAAS_KEY" \\`);
  print(`  -H 'Content-Type: application/json' -d '{"name":"you"}'\n`);
  print(`Stop it: npm run down${project}    More: README.md`);
}

function readPort(text) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Failure(`--port ${text} is not a port.`, { remedy: 'Give a whole number from 1 to 65535.' });
  return port;
}

const round = (milliseconds) => Math.round(milliseconds * 10) / 10;

await runCommand({
  options,
  usage: USAGE,
  logName: ({ project }) => `up-${project}.log`,
  stream: ({ json }) => (json ? process.stderr : process.stdout),
  main,
});

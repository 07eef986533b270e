// Benchmarks: figures and ratios against baselines of the same run. When: `npm run bench`, `npm run bench -- throughput`.
// Needs: what `npm run up` needs, and wrk, which it installs as root on Debian. Makes a stack of its own and takes it
// down again; EASYFAAS_TEST_URL and its companions (see test/support/stack.ts) name one to use instead.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall } from './lib/machine.mjs';
import { findCommand, run } from './lib/run.mjs';
import { ROOT, prepareMachine } from './lib/stack.mjs';
import { Failure, createTerminal, openLog } from './lib/terminal.mjs';
import { startTestStack } from './lib/test-stack.mjs';

const IMAGE_TAG = process.env.EASYFAAS_TEST_IMAGE_TAG || 'test';
/** Each group of parts has a stack of its own, with settings that its figures are about. */
const GROUPS = [
  {
    parts: [
      'memory',
      'cold',
      'large-package',
      'burst',
      'resize',
      'refill',
      'paused',
      'throughput',
      'tail-latency',
      'processor-time',
      'shapes',
    ],
    // P16 wants 16 cold containers; shares of memory are told of several side by side, as in a pool that is in use.
    env: { EASYFAAS_POOL_MIN: 'nodejs20=16,python3=4', EASYFAAS_PAUSE_AFTER_S: '1' },
  },
  // Thousands of events that nobody reads again.
  { parts: ['events', 'cron'], env: { EASYFAAS_POOL_MIN: 'nodejs20=4,python3=0' } },
  { parts: ['one-at-a-time'], env: { EASYFAAS_POOL_MIN: 'nodejs20=4,python3=0', EASYFAAS_POOL_MAX: '4' } },
  { parts: ['empty-pool'], env: { EASYFAAS_POOL_MIN: 'nodejs20=0,python3=0', EASYFAAS_IDLE_TIMEOUT_S: '5' } },
];
const PARTS = GROUPS.flatMap(({ parts }) => parts);
const terminal = createTerminal();
const results = join(ROOT, 'bench-results');
mkdirSync(results, { recursive: true });
const log = openLog(join(results, 'setup.log'));
const bundle = join(ROOT, 'test/dist/bench.cjs');

/** @returns {Promise<number>} exit code of the measuring program */
function measure(parts, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--enable-source-maps', bundle, ...parts], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

async function main() {
  if (!existsSync(join(ROOT, 'node_modules/.package-lock.json'))) {
    await terminal.step('npm ci', () => run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: ROOT, log }));
  }
  if (!findCommand('wrk')) await terminal.step('wrk', ({ say }) => aptInstall(['wrk'], { log, say }));
  const esbuild = join(ROOT, 'node_modules/.bin/esbuild');
  await run(
    esbuild,
    ['test/bench/main.ts', '--bundle', '--platform=node', '--format=cjs', '--target=node20', '--sourcemap', `--outfile=${bundle}`],
    {
      cwd: ROOT,
      log,
    },
  );
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !PARTS.includes(name));
  if (unknown.length > 0) throw new Failure(`There is no part ${unknown.join(', ')}.`, { remedy: `Choose from ${PARTS.join(', ')}.` });
  const wanted = (parts) => parts.filter((name) => asked.length === 0 || asked.includes(name));
  if (process.env.EASYFAAS_TEST_URL) return measure(wanted(PARTS), {});
  const { compose } = await prepareMachine(terminal, { log, tag: IMAGE_TAG });
  let code = 0;
  for (const [index, { parts, env }] of GROUPS.entries()) {
    if (wanted(parts).length > 0) code = Math.max(code, await runGroup(wanted(parts), env, index, compose));
  }
  return code;
}

/** @returns {Promise<number>} exit code of the measuring program */
async function runGroup(parts, env, index, compose) {
  const runId = `bench${process.pid.toString(36)}${index}`;
  // The languages that are measured: cold containers of others would stand in the pool beside them.
  const stack = await startTestStack(terminal, {
    compose,
    log,
    tag: IMAGE_TAG,
    runId,
    env: { EASYFAAS_RUNTIMES: 'nodejs20,python3', ...env },
  });
  try {
    return await measure(parts, { ...stack.env, EASYFAAS_IMAGE_TAG: IMAGE_TAG });
  } finally {
    const left = await stack.stop();
    if (left.length > 0) terminal.print(`left behind:\n${left.join('\n')}`);
  }
}

main().then(
  (code) => process.exit(code),
  (error) => {
    terminal.fail(error, log);
    process.exit(1);
  },
);

// Benchmarks: figures and ratios against baselines of the same run. When: `npm run bench`, `npm run bench -- throughput`.
// Needs: what `npm run up` needs, and wrk, which it installs as root on Debian. Makes a stack of its own and takes it
// down again; EASYFAAS_TEST_URL and its companions (see test/support/stack.ts) name one to use instead.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall } from './lib/machine.mjs';
import { findCommand, run } from './lib/run.mjs';
import { ROOT, prepareMachine } from './lib/stack.mjs';
import { createTerminal, openLog } from './lib/terminal.mjs';
import { startTestStack } from './lib/test-stack.mjs';

const IMAGE_TAG = 'test';
/** Shares of memory are told of several containers side by side, as they are in a pool that is in use. */
const POOL_MIN = 'nodejs20=8,python3=4';
const terminal = createTerminal();
const results = join(ROOT, 'bench-results');
mkdirSync(results, { recursive: true });
const log = openLog(join(results, 'setup.log'));
const bundle = join(ROOT, 'test/dist/bench.cjs');

/** @returns {Promise<number>} exit code of the measuring program */
function measure(env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--enable-source-maps', bundle, ...process.argv.slice(2)], {
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
  if (process.env.EASYFAAS_TEST_URL) return measure({});
  const { compose } = await prepareMachine(terminal, { log, tag: IMAGE_TAG });
  process.env.EASYFAAS_POOL_MIN ??= POOL_MIN;
  const stack = await startTestStack(terminal, { compose, log, tag: IMAGE_TAG, runId: `bench${process.pid.toString(36)}` });
  try {
    return await measure({ ...stack.env, EASYFAAS_IMAGE_TAG: IMAGE_TAG });
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

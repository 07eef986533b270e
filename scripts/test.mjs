// All tests, in stages from fast to slow. When: `npm test`; `node scripts/test.mjs unit e2e -- -t "cold call"` runs parts.
// Needs: what `npm run up` needs. Sets up packages, Docker, Redis, images and one stack, and takes the stack down again.
// REQUIRE_DOCKER=1, REQUIRE_REDIS=1: what is missing fails instead of being skipped. EASYFAAS_TEST_URL: use that stack.
// EASYFAAS_TEST_IMAGE_TAG: tag of the images built for the tests (test).
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultTable } from './lib/fault-table.mjs';
import { startedDaemonPid, stopStartedEngine } from './lib/docker-engine.mjs';
import { startPrivateRedis } from './lib/private-redis.mjs';
import { aptInstall, hasApt, isRoot } from './lib/machine.mjs';
import { ensureTestClients } from './lib/test-clients.mjs';
import { ensureTestLanguages } from './lib/test-languages.mjs';
import { findCommand, run } from './lib/run.mjs';
import { ROOT, prepareMachine } from './lib/stack.mjs';
import { Failure, createTerminal, openLog } from './lib/terminal.mjs';
import { startTestStack } from './lib/test-stack.mjs';

/** Checkouts that are tested side by side need images of their own. */
const IMAGE_TAG = process.env.EASYFAAS_TEST_IMAGE_TAG || 'test';
const STAGE_TIMEOUT_MS = 20 * 60_000;
/** Of one test with real services, where it sets none itself: room for a slow machine. */
const TEST_TIMEOUT_MS = 60_000;
const HEARTBEAT_MS = 60_000;

const STAGES = {
  format: { command: ['prettier', '--check', '.'] },
  lint: { command: ['eslint', '.', '--max-warnings', '0'] },
  types: { command: ['tsc', '-b'] },
  unit: { needs: [] },
  architecture: { needs: [] },
  // Docker before Redis: where there is no redis-server, its image serves.
  integration: { needs: ['bundles', 'docker', 'redis'] },
  conformance: { needs: ['bundles', 'languages', 'docker'] },
  e2e: { needs: ['bundles', 'languages', 'docker', 'stack'] },
  corpus: { needs: ['bundles', 'docker', 'stack'] },
  faults: { needs: ['bundles', 'docker', 'stack'] },
};

const split = process.argv.indexOf('--', 2);
const wanted = process.argv.slice(2, split === -1 ? undefined : split);
const jestArgs = split === -1 ? [] : process.argv.slice(split + 1);
const terminal = createTerminal();
const { print } = terminal;
const unknown = wanted.filter((name) => !STAGES[name]);
if (unknown.length > 0) {
  process.stderr.write(`There is no stage ${unknown.join(', ')}; choose from ${Object.keys(STAGES).join(', ')}.\n`);
  process.exit(2);
}

const results = join(ROOT, 'test-results');
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
const log = openLog(join(results, 'setup.log'));
const runId = `${process.pid.toString(36)}${Date.now().toString(36).slice(-4)}`;
const setUp = { env: { EASYFAAS_TEST_RUN: runId, EASYFAAS_IMAGE_TAG: IMAGE_TAG }, done: new Map(), tearDown: [] };
const engineBefore = startedDaemonPid();
const totals = { passed: 0, failed: 0, skipped: 0 };
let current;
let interruption;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interruption = signal;
    current?.kill('SIGTERM');
  });
}

/** Each is set up at most once; a failure is kept and told again to every stage that needs it. */
const preparations = {
  packages: async () => {
    if (existsSync(join(ROOT, 'node_modules/.package-lock.json'))) return;
    await terminal.step('npm ci', () =>
      run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: ROOT, log, remedy: 'The npm registry has to be in reach.' }),
    );
  },
  bundles: async () => {
    await terminal.step('Bundles', () => run(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, log }));
  },
  languages: async () => {
    const isRequired = process.env.REQUIRE_DOCKER === '1';
    const env = await terminal.step('Languages for tests', ({ say }) => ensureTestLanguages({ log, say, isRequired }));
    Object.assign(setUp.env, env);
  },
  docker: async () => {
    const services = ['controller', 'funclet', 'all-in-one'];
    const { compose } = await prepareMachine(terminal, { log, tag: IMAGE_TAG, runtimes: ['all'], services });
    setUp.compose = compose;
    setUp.foreign = new Set(await testContainers());
  },
  redis: async () => {
    const redis = await terminal.step('Redis for integration tests', async ({ say }) => {
      // Tests that end Redis need a process of their own; elsewhere the image serves the others.
      if (process.env.REQUIRE_REDIS === '1' && !findCommand('redis-server') && isRoot() && hasApt())
        await aptInstall(['redis-server'], { log, say });
      // The broker for the tests of mqtt triggers; without it they are skipped, or fail with REQUIRE_REDIS=1.
      if (!findCommand('mosquitto') && isRoot() && hasApt()) await aptInstall(['mosquitto'], { log, say });
      return startPrivateRedis({ log, runId });
    });
    setUp.env.EASYFAAS_TEST_REDIS = redis.url;
    setUp.tearDown.push(async () => {
      await redis.stop();
      return [];
    });
  },
  stack: async () => {
    if (process.env.EASYFAAS_TEST_URL) return;
    await ensureTestClients(terminal, { log });
    const stack = await startTestStack(terminal, { compose: setUp.compose, log, tag: IMAGE_TAG, runId });
    Object.assign(setUp.env, stack.env);
    setUp.tearDown.push(stack.stop);
  },
};

/** @returns {Promise<Error | undefined>} why the tests of that stage cannot have it */
async function prepare(name) {
  if (!setUp.done.has(name)) {
    try {
      await preparations[name]();
      setUp.done.set(name, undefined);
    } catch (error) {
      setUp.done.set(name, error);
      terminal.fail(error, log);
    }
  }
  return setUp.done.get(name);
}

/** Does the absence of this fail the run, or skip the stage? */
function isRequired(name) {
  if (name === 'docker' || name === 'stack') return process.env.REQUIRE_DOCKER === '1' || (name === 'stack' && !setUp.done.get('docker'));
  if (name === 'redis') return process.env.REQUIRE_REDIS === '1';
  return true;
}

/** Runs a program of node_modules with its output in test-results/<stage>.log. */
function runTool(stage, [program, ...args], env) {
  const output = createWriteStream(join(results, `${stage}.log`));
  let text = '';
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const child = spawn(join(ROOT, 'node_modules/.bin', program), args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    current = child;
    const limit = setTimeout(() => child.kill('SIGKILL'), STAGE_TIMEOUT_MS);
    const heartbeat = setInterval(() => print(`  … ${stage}: ${Math.round((performance.now() - startedAt) / 1000)} s`), HEARTBEAT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output.write(chunk);
        text += chunk;
      });
    }
    const end = (code) => {
      clearTimeout(limit);
      clearInterval(heartbeat);
      current = undefined;
      output.end(() => resolve({ code, text, tookMs: performance.now() - startedAt }));
    };
    child.on('error', (error) => {
      text += error.message;
      end(127);
    });
    child.on('close', end);
  });
}

/** @returns {Promise<{passed: number, failed: number, skipped: number, tookMs: number, words?: string}>} */
async function runStage(name) {
  const stage = STAGES[name];
  for (const need of ['packages', ...(stage.needs ?? [])]) {
    const obstacle = await prepare(need);
    if (!obstacle) continue;
    // Integration tests that need no Docker can still run; theirs that do skip themselves.
    if (name === 'integration' && !isRequired(need)) continue;
    const one = isRequired(need) ? { passed: 0, failed: 1, skipped: 0 } : { passed: 0, failed: 0, skipped: 1 };
    return { ...one, tookMs: 0, words: `${isRequired(need) ? 'not run' : 'SKIPPED'}, ${need}: ${obstacle.message}` };
  }
  if (stage.command) {
    const { code, text, tookMs } = await runTool(name, stage.command, {});
    return code === 0
      ? { passed: 1, failed: 0, skipped: 0, tookMs }
      : { passed: 0, failed: 1, skipped: 0, tookMs, words: lastLines(text, 60) };
  }
  return runJest(name, stage);
}

async function runJest(name, stage) {
  const file = join(results, `${name}.json`);
  const isSerial = stage.needs.length > 0;
  const args = [
    'jest',
    '--selectProjects',
    name,
    '--ci',
    '--json',
    '--outputFile',
    file,
    ...(isSerial ? ['--runInBand', '--testTimeout', String(TEST_TIMEOUT_MS)] : []),
    ...jestArgs,
  ];
  const { code, text, tookMs } = await runTool(name, args, setUp.env);
  if (!existsSync(file)) {
    if (jestArgs.length > 0 && /No tests found/.test(text)) return { passed: 0, failed: 0, skipped: 0, tookMs };
    const why = code === null ? `ended after ${STAGE_TIMEOUT_MS / 60_000} min or by a signal` : `status ${code}`;
    return { passed: 0, failed: 1, skipped: 0, tookMs, words: `jest gave no result (${why})\n${lastLines(text, 40)}` };
  }
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const broken = report.testResults.filter((suite) => suite.status === 'failed');
  const words = broken.map((suite) => `${suite.name.replace(`${ROOT}/`, '')}\n${suite.message}`).join('\n');
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return {
    passed: report.numPassedTests,
    // A run that jest itself calls failed is never counted as good.
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    tookMs,
    words: words || (code === 0 ? undefined : lastLines(text, 40)),
  };
}

const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');

function report(name, { passed, failed, skipped, tookMs, words }) {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
  const mark = failed > 0 ? terminal.red('✗') : skipped > 0 && passed === 0 ? '-' : terminal.green('✓');
  print(
    `${mark} ${name.padEnd(13)} ${`${passed} passed, ${failed} failed, ${skipped} skipped`.padEnd(36)} ${(tookMs / 1000).toFixed(1)} s`,
  );
  if (words)
    print(
      words
        .split('\n')
        .map((line) => `    ${line}`)
        .join('\n'),
    );
}

function printFaults() {
  const lines = faultTable(join(results, 'faults'));
  if (lines.length === 0) return;
  writeFileSync(join(results, 'faults', 'table.md'), `${lines.join('\n')}\n`);
  for (const line of lines) print(`    ${line}`);
}

async function tearDown() {
  let left = [];
  for (const stop of setUp.tearDown.reverse()) {
    try {
      left.push(...(await stop()));
    } catch (error) {
      left.push(`${error.message} ${error.why ?? ''}`);
    }
  }
  left = [...left, ...(await strayContainers())];
  if (left.length > 0)
    report('clean-up', { passed: 0, failed: 1, skipped: 0, tookMs: 0, words: `The tests left behind:\n${left.join('\n')}` });
  if (process.env.EASYFAAS_STOP_ENGINE === '1' && engineBefore === undefined) await stopStartedEngine();
}

/** Containers of tests that are still there and were not there before. Outside CI only those of this run: others may be testing too. */
async function strayContainers() {
  if (!setUp.foreign) return [];
  return (await testContainers()).filter((container) => !setUp.foreign.has(container));
}

/** @returns {Promise<string[]>} one line per container that carries the label of tests */
async function testContainers() {
  const label = process.env.REQUIRE_DOCKER === '1' && process.env.CI ? 'easyfaas.test-run' : `easyfaas.test-run=${runId}`;
  const answer = await run('docker', ['ps', '-a', '--filter', `label=${label}`, '--format', 'container {{.ID}} {{.Names}}'], {
    log,
    mayFail: true,
  });
  return answer.stdout.split('\n').filter(Boolean);
}

try {
  for (const name of Object.keys(STAGES)) {
    if (interruption || (wanted.length > 0 && !wanted.includes(name))) continue;
    report(name, await runStage(name));
    if (name === 'faults') printFaults();
  }
} catch (error) {
  terminal.fail(error instanceof Failure ? error : new Failure('The test run itself failed.', { why: error.stack, cause: error }), log);
  totals.failed += 1;
} finally {
  await tearDown();
}
if (interruption) {
  print(`Interrupted by ${interruption}.`);
  totals.failed += 1;
}
print(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);

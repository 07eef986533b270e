import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallRun } from '../support/call-run';
import { LEDGER_HANDLER } from '../support/ledger';
import { LocalStack } from '../support/local-stack';
import { type MachineFigures, measureMachine } from '../support/process-figures';
import { repositoryRoot } from '../support/repository';
import { Disturbances } from './disturbances';

const MINUTES = Number(process.env['EASYFAAS_SOAK_MINUTES'] ?? 10);
const SEED = Number(process.env['EASYFAAS_TEST_SEED'] ?? 1);
const CLIENTS = 8;
const FUNCTIONS = 6;
/** Peak is measured for so long, ms. */
const PEAK_MS = 5000;
const MEGABYTES_OF_GROWTH = 96;
const DESCRIPTORS_OF_GROWTH = 12;

/** What a client may hear while services are killed and functions are deployed; anything else is a fault. */
const DOCUMENTED = ['ok', 'no connection', 'RUNTIME_LOST', 'RUNTIME_UNAVAILABLE', 'FUNCLET_UNAVAILABLE', 'ENGINE_UNAVAILABLE'].concat([
  'STORE_UNAVAILABLE',
  'SHUTTING_DOWN',
  'DEADLINE_EXCEEDED',
  'CAPACITY_EXCEEDED',
  'CIRCUIT_OPEN',
  'THROTTLED',
  'Runtime.ExitError',
]);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Calls per second that the clients reach when they do not pause. */
async function measurePeak(stack: LocalStack, names: readonly string[]): Promise<number> {
  const run = await stack.newRun();
  run.load(names, { clients: CLIENTS });
  await sleep(PEAK_MS);
  const { length } = await run.finish();
  return length / (PEAK_MS / 1000);
}

function problemsOf(run: CallRun, before: MachineFigures, after: MachineFigures, orphans: readonly string[]): string[] {
  const { lost, unexpected, duplicated, silent } = run.verdict();
  const more = Math.max(0, after.containers - before.containers);
  const undocumented = Object.entries(run.tally).filter(([kind]) => !DOCUMENTED.includes(kind));
  const grown = (name: keyof MachineFigures, by: number): string[] =>
    after[name] > before[name] + by ? [`${name} grew from ${before[name]} to ${after[name]}`] : [];
  return [
    ...undocumented.map(([kind, count]) => `${count} calls ended with ${kind}`),
    ...Object.entries({ lost, unexpected, duplicated: Object.keys(duplicated), silent })
      .filter(([, ids]) => ids.length > 0)
      .map(([what, ids]) => `${ids.length} ${what}: ${ids.slice(0, 5).join(', ')}`),
    ...orphans.map((orphan) => `left behind: ${orphan}`),
    // The pool keeps more cold containers for a while after a demand; each has one directory and one control group.
    ...(['containerDirectories', 'cgroups'] as const)
      .filter((name) => after[name] !== after.containers)
      .map((name) => `${after[name]} ${name} of ${after.containers} containers`),
    ...(['mounts', 'zombies'] as const).flatMap((name) => grown(name, 0)),
    ...(['funcletDescriptors', 'controllerDescriptors'] as const).flatMap((name) => grown(name, DESCRIPTORS_OF_GROWTH + 4 * more)),
    ...(['funcletRssMb', 'controllerRssMb'] as const).flatMap((name) => grown(name, MEGABYTES_OF_GROWTH)),
  ];
}

async function soak(stack: LocalStack): Promise<string[]> {
  const names = await Promise.all(
    Array.from({ length: FUNCTIONS }, (_, index) =>
      stack.client.deploy({ source: `${LEDGER_HANDLER} // soak ${index}`, concurrency: 4, timeoutSeconds: 20 }),
    ),
  );
  const peak = await measurePeak(stack, names);
  // A client that calls and then pauses for as long as its share of the peak takes reaches about half of it.
  const pauseMs = Math.max(1, Math.round((CLIENTS / peak) * 1000));
  for (const { containerId } of await stack.client.pool()) await stack.client.drain(containerId);
  const before = await stack.atRest(() => measureMachine(stack));
  say(`peak ${Math.round(peak)} calls/s; ${MINUTES} min with pauses of ${pauseMs} ms; at rest ${JSON.stringify(before)}`);

  const run = await stack.newRun();
  run.load(names, { clients: CLIENTS, pauseMs, hangMs: 60_000 });
  const disturbances = new Disturbances(stack, names, SEED);
  const startedAt = performance.now();
  const endsAt = startedAt + MINUTES * 60_000;
  let toldAt = startedAt;
  while (performance.now() < endsAt) {
    await disturbances.next();
    await sleep(1500);
    if (performance.now() - toldAt < 30_000) continue;
    toldAt = performance.now();
    say(`${Math.round((toldAt - startedAt) / 1000)} s: ${JSON.stringify(run.tally)} ${JSON.stringify(disturbances.counts)}`);
  }
  await run.finish();
  await stack.untilReady(60_000);
  await stack.untilFilled(60_000);
  for (const { containerId } of await stack.client.pool()) await stack.client.drain(containerId);
  const after = await stack.atRest(() => measureMachine(stack));
  const orphans = await stack.settledOrphans(30_000);
  const problems = problemsOf(run, before, after, orphans);
  const report = {
    minutes: MINUTES,
    seed: SEED,
    peakPerSecond: Math.round(peak),
    pauseMs,
    endings: run.tally,
    disturbances: disturbances.counts,
  };
  const whole = { ...report, recovered: run.verdict().recovered.length, before, after, problems };
  writeFileSync(join(repositoryRoot, 'test-results', 'soak.json'), `${JSON.stringify(whole, null, 2)}\n`);
  say(JSON.stringify(whole, null, 2));
  return problems;
}

async function main(): Promise<void> {
  const stack = await LocalStack.start({ env: { EASYFAAS_POOL_MIN: 'nodejs20=3,python3=0', EASYFAAS_LOG_LEVEL: 'warn' } });
  try {
    const problems = await soak(stack);
    say(problems.length === 0 ? 'soak: nothing wrong' : `soak: ${problems.length} problem(s)\n${problems.join('\n')}`);
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error instanceof Error ? (error.stack ?? error.message) : error)}\n`);
  process.exitCode = 1;
});

import { burst, manyCold } from './burst';
import { coldStart } from './cold-start';
import { cron } from './cron';
import { emptyPool } from './empty-pool';
import { events } from './events';
import { largePackage } from './large-package';
import { memory } from './memory';
import { oneAtATime } from './one-at-a-time';
import { paused } from './paused';
import { processorTime } from './processor-time';
import { refill } from './refill';
import { type Figure, report } from './report';
import { resize } from './resize';
import { shapes } from './shapes';
import { median } from './statistics';
import { tailLatency } from './tail-latency';
import { throughput } from './throughput';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const COLD_SAMPLES = Number(process.env['BENCH_COLD_SAMPLES'] ?? 40);
const FEW_SAMPLES = Math.max(2, Math.ceil(COLD_SAMPLES / 5));

/** Of this run, for parts that compare with it. */
let smallColdMs: number | undefined;

const PARTS: Record<string, () => Promise<Figure[]>> = {
  // First, while nothing but its work is in the services' memory.
  memory: () => memory(),
  cold: async () => {
    const node = await coldStart('nodejs20', COLD_SAMPLES);
    smallColdMs = median(node.find(({ subject }) => subject.startsWith('easyfaas'))?.values ?? []);
    return [...node, ...(await coldStart('python3', COLD_SAMPLES))];
  },
  'large-package': async () => {
    smallColdMs ??= median((await coldStart('nodejs20', FEW_SAMPLES))[1]?.values ?? []);
    return largePackage(FEW_SAMPLES, smallColdMs);
  },
  burst: async () => [...(await burst(ROUNDS)), ...(await manyCold(ROUNDS))],
  resize: () => resize(COLD_SAMPLES),
  refill: () => refill(FEW_SAMPLES),
  paused: () => paused(FEW_SAMPLES),
  throughput: () => throughput(ROUNDS),
  'tail-latency': () => tailLatency(ROUNDS),
  'processor-time': () => processorTime(ROUNDS),
  shapes: () => shapes(ROUNDS),
  events: () => events(ROUNDS),
  cron: () => cron(),
  // Wants a pool of four.
  'one-at-a-time': () => oneAtATime(ROUNDS),
  // Wants a stack without a pool: scripts/bench.mjs starts one for it, and runs it alone.
  'empty-pool': () => emptyPool(FEW_SAMPLES),
};

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const figures: Figure[] = [];
  for (const name of wanted) {
    const part = PARTS[name];
    if (part === undefined) throw new Error(`unknown part ${name}; there are ${Object.keys(PARTS).join(', ')}`);
    console.log(`measuring ${name} ...`);
    figures.push(...(await part()));
  }
  report(figures);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

import { coldStart } from './cold-start';
import { memory } from './memory';
import { type Figure, report } from './report';
import { throughput } from './throughput';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const COLD_SAMPLES = Number(process.env['BENCH_COLD_SAMPLES'] ?? 40);

const PARTS: Record<string, () => Promise<Figure[]>> = {
  // First, while nothing but its work is in the services' memory.
  memory: () => memory(),
  cold: async () => [...(await coldStart('nodejs20', COLD_SAMPLES)), ...(await coldStart('python3', COLD_SAMPLES))],
  throughput: () => throughput(ROUNDS),
};

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) throw new Error(`unknown part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  const figures: Figure[] = [];
  for (const [name, part] of Object.entries(PARTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`measuring ${name} ...`);
    figures.push(...(await part()));
  }
  report(figures);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

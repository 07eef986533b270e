import { deploy, removeDeployments } from '../support/stack';
import { load } from './load';
import { pacedLoad } from './paced-load';
import type { Figure } from './report';
import { bareServer } from './servers';
import { median, percentile } from './statistics';
import { invocationTarget } from './throughput';

const CONNECTIONS = 16;
const PEAK_SECONDS = 4;
const SECONDS = 5;

/** P3: p99 of warm calls at half of the engine's own peak rate, against the bare server at the same rate. */
export async function tailLatency(rounds: number): Promise<Figure[]> {
  const name = await deploy({ source: `exports.handler = async () => 'hello';`, concurrency: 100 });
  const bare = await bareServer();
  const subject = invocationTarget(name, '{}');
  const baseline = { ...subject, subject: 'bare node:http', url: bare.url };
  try {
    await load(subject, CONNECTIONS, 2);
    const { requestsPerSecond } = await load(subject, CONNECTIONS, PEAK_SECONDS);
    // The generator is a process of Node itself: it must not be what is measured.
    const rate = Math.min(requestsPerSecond / 2, 5000);
    const p99 = { bare: [] as number[], easyfaas: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      p99.bare.push(percentile(await pacedLoad(baseline, rate, SECONDS, CONNECTIONS), 99));
      p99.easyfaas.push(percentile(await pacedLoad(subject, rate, SECONDS, CONNECTIONS), 99));
    }
    const ratios = p99.easyfaas.map((each, round) => each / (p99.bare[round] ?? Number.NaN));
    return [
      { id: 'P3', subject: `bare node:http, p99 at ${Math.round(rate)} calls/s`, unit: 'ms', values: p99.bare },
      { id: 'P3', subject: 'easyfaas, the same', unit: 'ms', values: p99.easyfaas, ratio: median(ratios), target: '<= 5' },
    ];
  } finally {
    await bare.stop();
    await removeDeployments();
  }
}

import { deploy, invoke, poolContainers, removeDeployments } from '../support/stack';
import { timeBareStart } from './bare-container';
import { coldContainersReady } from './cold-start';
import type { Figure } from './report';
import { median } from './statistics';

const POLL_MS = 5;

/** P12: from a cold container being used up until the pool has as many as before, against a bare create and start. */
export async function refill(samples: number): Promise<Figure[]> {
  const bareMs: number[] = [];
  const refillMs: number[] = [];
  try {
    for (let sample = 0; sample < samples; sample++) {
      bareMs.push(await timeBareStart());
      const name = await deploy({ source: `exports.handler = async () => 'hello';` });
      await coldContainersReady('nodejs20');
      const before = await coldCount();
      const answer = await invoke(name);
      if (answer.headers.get('x-easyfaas-start') !== 'cold') throw new Error('the call took no cold container');
      const startedAt = performance.now();
      while ((await coldCount()) < before) {
        if (performance.now() - startedAt > 60_000) throw new Error('the pool was not refilled within 60 s');
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      refillMs.push(performance.now() - startedAt);
      await removeDeployments();
    }
  } finally {
    await removeDeployments();
  }
  return [
    { id: 'P12', subject: 'bare create and start', unit: 'ms', values: bareMs },
    {
      id: 'P12',
      subject: 'easyfaas, cold again',
      unit: 'ms',
      values: refillMs,
      ratio: median(refillMs) / median(bareMs),
      target: '<= 1.3',
    },
  ];
}

async function coldCount(): Promise<number> {
  return (await poolContainers()).filter(({ state, runtime }) => state === 'cold' && runtime === 'nodejs20').length;
}

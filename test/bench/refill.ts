import { deploy, invoke, poolContainers, removeDeployments } from '../support/stack';
import { setTimeout as delay } from 'node:timers/promises';
import { timeBareStart } from './bare-container';
import { coldContainersReady } from './cold-start';
import type { Figure } from './report';
import { median } from './statistics';

/** Looked at seldom, as looking takes the processors that the refill needs: when a container was cold is told by the funclet. */
const POLL_MS = 100;
/** Docker goes on clearing up when it has answered; each sample starts from rest. */
const REST_MS = 300;

/** P12: from a cold container being used up until the pool has as many as before, against a bare create and start. */
export async function refill(samples: number): Promise<Figure[]> {
  const bareMs: number[] = [];
  const refillMs: number[] = [];
  try {
    for (let sample = 0; sample < samples; sample++) {
      await delay(REST_MS);
      bareMs.push(await timeBareStart());
      const name = await deploy({ source: `exports.handler = async () => 'hello';` });
      await coldContainersReady('nodejs20');
      await delay(REST_MS);
      const before = (await coldSinceMs()).length;
      const answer = await invoke(name);
      const answeredAtMs = Date.now();
      if (answer.headers.get('x-easyfaas-start') !== 'cold') throw new Error('the call took no cold container');
      refillMs.push((await refilledAtMs(before)) - answeredAtMs);
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

/** When the pool had so many cold containers again, wall clock, ms. */
async function refilledAtMs(count: number): Promise<number> {
  const giveUpAtMs = Date.now() + 60_000;
  for (;;) {
    const atMs = (await coldSinceMs())[count - 1];
    if (atMs !== undefined) return atMs;
    if (Date.now() > giveUpAtMs) throw new Error('the pool was not refilled within 60 s');
    await delay(POLL_MS);
  }
}

/** Since when each cold container is, the oldest first, wall clock, ms. */
async function coldSinceMs(): Promise<number[]> {
  const cold = (await poolContainers()).filter(({ state, runtime }) => state === 'cold' && runtime === 'nodejs20');
  return cold.map(({ stateSinceMs }) => stateSinceMs).sort((a, b) => a - b);
}

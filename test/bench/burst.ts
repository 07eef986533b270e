import { Agent } from 'node:http';
import { deploy, removeDeployments } from '../support/stack';
import { coldContainersReady, timeColdCall } from './cold-start';
import type { Figure } from './report';
import { median } from './statistics';
import { timedRequest } from './timed-request';

const CALL_MS = 100;
const BURST_CALLS = 50;
const BURST_CONTAINERS = 10;
const FUNCTIONS = 16;

/**
 * P7: 50 calls at once on a cold function with 10 cold containers, each call 100 ms long and alone in its container. Ideal is a
 * cold start and five calls one after the other, with nothing in between.
 */
export async function burst(rounds: number): Promise<Figure[]> {
  const lastMs: number[] = [];
  const agent = new Agent({ keepAlive: true });
  try {
    for (let round = 0; round < rounds; round++) {
      const name = await deploy({ source: `exports.handler = () => new Promise((done) => setTimeout(done, ${CALL_MS}, 'hello'));` });
      await coldContainersReady('nodejs20', BURST_CONTAINERS);
      const startedAt = performance.now();
      const answers = await Promise.all(
        Array.from({ length: BURST_CALLS }, () => timedRequest(agent, 'POST', `/v1/functions/${name}/invocations`, '{}')),
      );
      lastMs.push(performance.now() - startedAt);
      const bad = answers.find(({ status, text }) => status !== 200 || text !== '"hello"');
      if (bad !== undefined) throw new Error(`a call of the burst answered ${bad.status} ${bad.text}`);
      await removeDeployments();
    }
  } finally {
    agent.destroy();
    await removeDeployments();
  }
  const idealMs = (BURST_CALLS / BURST_CONTAINERS) * CALL_MS;
  return [
    { id: 'P7', subject: 'ideal', unit: 'ms', values: [idealMs] },
    { id: 'P7', subject: 'easyfaas, last of 50', unit: 'ms', values: lastMs, ratio: median(lastMs) / idealMs, target: '<= 1.5' },
  ];
}

/** P16: first calls of 16 functions at once with 16 cold containers, until all have answered. */
export async function manyCold(rounds: number): Promise<Figure[]> {
  const allMs: number[] = [];
  const agent = new Agent({ keepAlive: true });
  try {
    for (let round = 0; round < rounds; round++) {
      const names = await Promise.all(
        Array.from({ length: FUNCTIONS }, (_, index) => deploy({ source: `exports.handler = async () => 'hello'; // ${index}` })),
      );
      await coldContainersReady('nodejs20', FUNCTIONS);
      await Promise.all(names.map(() => timedRequest(agent, 'GET', '/healthz')));
      const startedAt = performance.now();
      await Promise.all(names.map((name) => timeColdCall(agent, name)));
      allMs.push(performance.now() - startedAt);
      await removeDeployments();
    }
  } finally {
    agent.destroy();
    await removeDeployments();
  }
  return [{ id: 'P16', subject: 'easyfaas, 16 cold functions at once', unit: 'ms', values: allMs, target: '<= 60 ms' }];
}

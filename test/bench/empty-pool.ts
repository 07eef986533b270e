import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { deploy, poolContainers, removeDeployments } from '../support/stack';
import { timeBareStart } from './bare-container';
import { timeColdCall } from './cold-start';
import { eventually } from '../support/eventually';
import type { Figure } from './report';
import { median } from './statistics';

/** Docker goes on clearing up when it has answered; each sample starts from rest. */
const REST_MS = 300;

/** P18: first call with no container at all, request to answer, against the same Docker calls made bare. Wants a pool of minimum 0. */
export async function emptyPool(samples: number): Promise<Figure[]> {
  const agent = new Agent({ keepAlive: true });
  const bareMs: number[] = [];
  const easyfaasMs: number[] = [];
  try {
    for (let sample = 0; sample < samples; sample++) {
      const name = await deploy({ source: `exports.handler = async () => 'hello';` });
      await eventually(async () => {
        const left = (await poolContainers()).length;
        if (left > 0) throw new Error(`${left} containers are there: the stack has to run with EASYFAAS_POOL_MIN=nodejs20=0,python3=0`);
      }, 60_000);
      await delay(REST_MS);
      bareMs.push(await timeBareStart());
      await delay(REST_MS);
      easyfaasMs.push(await timeColdCall(agent, name));
      await removeDeployments();
    }
  } finally {
    agent.destroy();
    await removeDeployments();
  }
  const ratio = median(easyfaasMs) / median(bareMs);
  return [
    { id: 'P18', subject: 'bare create and start', unit: 'ms', values: bareMs },
    { id: 'P18', subject: 'easyfaas, pool empty', unit: 'ms', values: easyfaasMs, ratio, target: '<= 1.15' },
  ];
}

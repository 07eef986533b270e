import { Agent } from 'node:http';
import { deploy, invoke, poolContainers, removeDeployments } from '../support/stack';
import { eventually } from '../support/eventually';
import type { Figure } from './report';
import { callNobody, timedRequest } from './timed-request';

/** P17: a call to a function whose warm container is frozen, request to answer; beside it the call after that. */
export async function paused(samples: number): Promise<Figure[]> {
  const agent = new Agent({ keepAlive: true });
  const frozenMs: number[] = [];
  const warmMs: number[] = [];
  try {
    const name = await deploy({ source: `exports.handler = async () => 'hello';` });
    await invoke(name);
    await callNobody(agent);
    for (let sample = 0; sample < samples; sample++) {
      await eventually(async () => {
        const state = (await poolContainers()).find(({ assignment }) => assignment?.functionName === name)?.state;
        if (state !== 'paused') throw new Error(`the container is ${state ?? 'gone'}; EASYFAAS_PAUSE_AFTER_S says when it is paused`);
      }, 60_000);
      frozenMs.push(await timeCall(agent, name));
      warmMs.push(await timeCall(agent, name));
    }
  } finally {
    agent.destroy();
    await removeDeployments();
  }
  return [
    { id: 'P17', subject: 'easyfaas, not frozen', unit: 'ms', values: warmMs },
    { id: 'P17', subject: 'easyfaas, frozen', unit: 'ms', values: frozenMs, target: '<= 3 ms' },
  ];
}

async function timeCall(agent: Agent, name: string): Promise<number> {
  const { elapsedMs, status, text } = await timedRequest(agent, 'POST', `/v1/functions/${name}/invocations`, '{}');
  if (status !== 200) throw new Error(`the call answered ${status} ${text}`);
  return elapsedMs;
}

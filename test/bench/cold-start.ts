import { Agent } from 'node:http';
import { eventually } from '../support/eventually';
import { type Language, deploy, docker, poolContainers, removeDeployments } from '../support/stack';
import type { Figure } from './report';
import { median, percentile } from './statistics';
import { callNobody, timedRequest } from './timed-request';

const SOURCE: Record<Language, string> = {
  nodejs20: `exports.handler = async () => 'hello';`,
  python3: `def handler(event, context):\n    return "hello"\n`,
};

/** What a person would type without an engine: a container per call, printing the same answer. */
const DOCKER_RUN: Record<Language, string[]> = {
  nodejs20: ['--entrypoint', 'node', 'IMAGE', '-e', `process.stdout.write(JSON.stringify('hello'))`],
  python3: ['--entrypoint', 'python3', 'IMAGE', '-c', `import json; print(json.dumps("hello"))`],
};

/**
 * P4 and P5: the first call of a function that no container has, from sending the request to the whole answer, with a cold
 * container in the pool; against `docker run` of the same image, alternating. Samples are taken one by one.
 */
export async function coldStart(runtime: Language, samples: number): Promise<Figure[]> {
  const id = runtime === 'nodejs20' ? 'P4' : 'P5';
  const image = `easyfaas/runtime-${runtime}:${process.env['EASYFAAS_IMAGE_TAG'] ?? 'latest'}`;
  const agent = new Agent({ keepAlive: true });
  const cold: number[] = [];
  const dockerRun: number[] = [];
  try {
    for (let sample = 0; sample < samples; sample++) {
      const name = await deploy({ runtime, source: `${SOURCE[runtime]}\n` });
      await coldContainersReady(runtime);
      // The pool's refill after the last sample is over: a start alone is measured, not a start beside a build.
      await callNobody(agent);
      cold.push(await timeColdCall(agent, name));
      if (sample % 4 === 0) dockerRun.push(await timeDockerRun(runtime, image));
      await removeDeployments();
    }
  } finally {
    agent.destroy();
    await removeDeployments();
  }
  const target = id === 'P4' ? 'p50 <= 5 ms, >= 60 x faster' : 'p50 <= 8 ms';
  return [
    { id, subject: 'docker run', unit: 'ms', values: dockerRun },
    { id, subject: `easyfaas cold ${runtime}`, unit: 'ms', values: cold, ratio: median(dockerRun) / median(cold), target },
    { id: `${id} p99`, subject: `easyfaas cold ${runtime}`, unit: 'ms', values: [percentile(cold, 99)], target: '<= 30 ms' },
  ];
}

/** Waits until the pool is at rest with at least so many cold containers. */
export async function coldContainersReady(runtime: Language, count = 1): Promise<void> {
  await eventually(async () => {
    const containers = await poolContainers();
    const unfinished = containers.filter(({ state }) => state === 'creating' || state === 'resetting' || state === 'warming');
    const ready = containers.filter((each) => each.runtime === runtime && each.state === 'cold');
    if (ready.length < count || unfinished.length > 0)
      throw new Error(`pool is not settled: ${containers.map(({ state }) => state).join(' ')}`);
  }, 120_000);
}

/** Milliseconds of a first call that answers "hello". @throws when it was not cold */
export async function timeColdCall(agent: Agent, name: string): Promise<number> {
  const { elapsedMs, status, text, headers } = await timedRequest(agent, 'POST', `/v1/functions/${name}/invocations`, '{}');
  if (status !== 200 || text !== '"hello"') throw new Error(`cold call answered ${status} ${text}`);
  if (headers['x-easyfaas-start'] !== 'cold') throw new Error('the call was not cold');
  return elapsedMs;
}

async function timeDockerRun(runtime: Language, image: string): Promise<number> {
  const args = DOCKER_RUN[runtime].map((arg) => (arg === 'IMAGE' ? image : arg));
  const startedAt = performance.now();
  const output = await docker('run', '--rm', '--network', 'none', '--label', 'easyfaas.test-run=bench', ...args);
  const elapsedMs = performance.now() - startedAt;
  if (output !== '"hello"') throw new Error(`docker run printed ${output}`);
  return elapsedMs;
}

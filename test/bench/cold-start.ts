import { Agent, request } from 'node:http';
import { eventually } from '../support/eventually';
import { type Language, deploy, docker, poolContainers, removeDeployments, stack } from '../support/stack';
import type { Figure } from './report';
import { median, percentile } from './statistics';

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
      await coldContainerReady(runtime);
      // The pool's refill after the last sample is over: a start alone is measured, not a start beside a build.
      await get(agent, '/healthz');
      cold.push(await timeCall(agent, name));
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

async function coldContainerReady(runtime: Language): Promise<void> {
  await eventually(async () => {
    const containers = await poolContainers();
    const unfinished = containers.filter(({ state }) => state === 'creating' || state === 'resetting' || state === 'warming');
    const ready = containers.filter((each) => each.runtime === runtime && each.state === 'cold');
    if (ready.length === 0 || unfinished.length > 0)
      throw new Error(`pool is not settled: ${containers.map(({ state }) => state).join(' ')}`);
  }, 60_000);
}

function timeCall(agent: Agent, name: string): Promise<number> {
  return send(agent, 'POST', `/v1/functions/${name}/invocations`, '{}', (status, text, headers) => {
    if (status !== 200 || text !== '"hello"') throw new Error(`cold call answered ${status} ${text}`);
    if (headers['x-easyfaas-start'] !== 'cold') throw new Error('the call was not cold');
  });
}

const get = (agent: Agent, path: string): Promise<number> => send(agent, 'GET', path, '', () => undefined);

type Check = (status: number, text: string, headers: NodeJS.Dict<string | string[]>) => void;

/** Milliseconds from sending to the last byte. */
function send(agent: Agent, method: string, path: string, body: string, check: Check): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const outgoing = request(
      `${stack.url}${path}`,
      {
        agent,
        method,
        headers: { Authorization: `Bearer ${stack.key}`, 'Content-Type': 'application/json', 'Content-Length': body.length },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject).on('end', () => {
          const elapsedMs = performance.now() - startedAt;
          try {
            check(response.statusCode ?? 0, text, response.headers);
            resolve(elapsedMs);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      },
    );
    outgoing.on('error', reject).end(body);
  });
}

async function timeDockerRun(runtime: Language, image: string): Promise<number> {
  const args = DOCKER_RUN[runtime].map((arg) => (arg === 'IMAGE' ? image : arg));
  const startedAt = performance.now();
  const output = await docker('run', '--rm', '--network', 'none', '--label', 'easyfaas.test-run=bench', ...args);
  const elapsedMs = performance.now() - startedAt;
  if (output !== '"hello"') throw new Error(`docker run printed ${output}`);
  return elapsedMs;
}

import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually';
import { deploy, docker, invoke, poolContainers, removeDeployments } from '../support/stack';
import type { Figure } from './report';
import { median } from './statistics';
import { timedRequest } from './timed-request';

/** Docker shows a change in its record before it has written the control group itself, which takes it 20 ms more. */
const DOCKER_AT_WORK_MS = 100;

/**
 * P8: the memory of a warm container changed through the API until it is in force, against `docker update`. One change at a time: one that
 * comes while Docker still works on the one before waits for that.
 */
export async function resize(samples: number): Promise<Figure[]> {
  const agent = new Agent({ keepAlive: true });
  const easyfaasMs: number[] = [];
  const dockerMs: number[] = [];
  try {
    const name = await deploy({ source: `exports.handler = async () => 'hello';`, memoryMb: 256 });
    await invoke(name);
    const container = (await poolContainers()).find(({ assignment }) => assignment?.functionName === name);
    if (container?.dockerId === undefined) throw new Error('no warm container of the function');
    for (let sample = 0; sample < samples; sample++) {
      await inDockersRecord(container.dockerId, sample % 2 === 0 ? 256 : 320);
      const memoryMb = sample % 2 === 0 ? 320 : 256;
      const { status, text, elapsedMs } = await timedRequest(
        agent,
        'PATCH',
        `/v1/pool/${container.containerId}`,
        JSON.stringify({ memoryMb }),
      );
      if (status !== 200) throw new Error(`PATCH answered ${status}: ${text}`);
      easyfaasMs.push(elapsedMs);
    }
    for (let sample = 0; sample < samples / 2; sample++) {
      const limit = sample % 2 === 0 ? '320m' : '256m';
      const startedAt = performance.now();
      await docker('update', '--memory', limit, '--memory-swap', limit, container.dockerId);
      dockerMs.push(performance.now() - startedAt);
    }
  } finally {
    agent.destroy();
    await removeDeployments();
  }
  return [
    { id: 'P8', subject: 'docker update (command line)', unit: 'ms', values: dockerMs },
    {
      id: 'P8',
      subject: 'easyfaas, PATCH to answer',
      unit: 'ms',
      values: easyfaasMs,
      ratio: median(easyfaasMs) / median(dockerMs),
      target: '<= 2 ms',
    },
  ];
}

async function inDockersRecord(dockerId: string, memoryMb: number): Promise<void> {
  await eventually(async () => {
    const bytes = Number(await docker('inspect', '--format', '{{.HostConfig.Memory}}', dockerId));
    if (bytes !== memoryMb * 1024 * 1024)
      throw new Error(`Docker's record of the container's memory is ${bytes} bytes, not ${memoryMb} MB`);
  }, 20_000);
  await sleep(DOCKER_AT_WORK_MS);
}

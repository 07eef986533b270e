import { readFileSync } from 'node:fs';
import { deploy, docker, poolContainers, removeDeployments, stack } from '../support/stack';
import { load } from './load';
import type { Figure } from './report';
import { bareServer } from './servers';
import { median } from './statistics';
import { invocationTarget } from './throughput';

const SECONDS = 4;
/** USER_HZ of Linux: what /proc/<pid>/stat counts in. */
const TICKS_PER_SECOND = 100;

/** P13: processor time per call of all processes that take part, by the kernel's accounting, against the bare server's. */
export async function processorTime(rounds: number): Promise<Figure[]> {
  const name = await deploy({ source: `exports.handler = async () => 'hello';`, concurrency: 100 });
  const bare = await bareServer();
  const subject = invocationTarget(name, '{}');
  const baseline = { ...subject, subject: 'bare node:http', url: bare.url };
  try {
    const figures: Figure[] = [];
    for (const connections of [1, 16, 64]) {
      const us = { bare: [] as number[], easyfaas: [] as number[] };
      await load(subject, connections, 1);
      for (let round = 0; round < rounds; round++) {
        us.bare.push(await perCallUs([bare.pid], () => load(baseline, connections, SECONDS)));
        us.easyfaas.push(await perCallUs(await ownProcesses(name), () => load(subject, connections, SECONDS)));
      }
      const ratio = median(us.easyfaas) / median(us.bare);
      const id = `P13 c${connections}`;
      figures.push(
        { id, subject: 'bare node:http', unit: 'us/call', values: us.bare },
        {
          id,
          subject: 'easyfaas, all processes',
          unit: 'us/call',
          values: us.easyfaas,
          ratio,
          ...(connections === 1 ? {} : { target: '<= 1.8' }),
        },
      );
    }
    return figures;
  } finally {
    await bare.stop();
    await removeDeployments();
  }
}

async function perCallUs(pids: readonly number[], work: () => Promise<{ requestsPerSecond: number }>): Promise<number> {
  const before = seconds(pids);
  const { requestsPerSecond } = await work();
  return ((seconds(pids) - before) / (requestsPerSecond * SECONDS)) * 1e6;
}

/** Controller, funclet, Redis and everything in the function's containers. */
async function ownProcesses(functionName: string): Promise<number[]> {
  const services = (await docker('ps', '-q', '--filter', `label=com.docker.compose.project=${stack.project}`)).split('\n');
  const functions = (await poolContainers())
    .filter(({ assignment }) => assignment?.functionName === functionName)
    .map(({ dockerId }) => dockerId ?? '');
  const pids: number[] = [];
  for (const id of [...services, ...functions].filter(Boolean)) {
    const rows = (await docker('top', id, '-eo', 'pid')).split('\n').slice(1);
    pids.push(...rows.map((row) => Number(row.trim())));
  }
  return pids;
}

/** User and system time of processes that are there all the time. */
function seconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    // proc(5): the name in parentheses may hold blanks; utime and stime are the 14th and 15th fields.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

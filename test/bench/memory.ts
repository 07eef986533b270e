import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy, docker, poolContainers, removeDeployments, stack } from '../support/stack';
import type { Figure } from './report';

const KIB_PER_MB = 1024;
/** An idle service looks every 5 s whether it has memory to give back (packages/service-kit/src/spare-memory.ts). */
const REST_MS = 15_000;

/** P10: resident memory of controller and funclet with 100 functions, and the share of one idle cold container. */
export async function memory(): Promise<Figure[]> {
  try {
    for (let index = 0; index < 100; index++) await deploy({ source: `exports.handler = async () => ${index};` });
    const deployedMb = await servicesRssMb();
    await sleep(REST_MS);
    const atRestMb = await servicesRssMb();
    const cold = (await poolContainers()).filter(({ state, runtime }) => state === 'cold' && runtime === 'nodejs20');
    const shares: number[] = [];
    for (const { dockerId } of cold) if (dockerId !== undefined) shares.push(await containerShareMb(dockerId));
    return [
      { id: 'P10 services', subject: 'easyfaas controller + funclet RSS', unit: 'MB', values: [atRestMb], target: '<= 180 MB' },
      { id: 'P10 services', subject: 'the same, at the end of the last deployment', unit: 'MB', values: [deployedMb] },
      { id: 'P10 container', subject: 'easyfaas idle cold nodejs20 share', unit: 'MB', values: shares, target: '<= 20 MB' },
    ];
  } finally {
    await removeDeployments();
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

async function servicesRssMb(): Promise<number> {
  return sum(await Promise.all(['controller', 'funclet'].map(serviceRssMb)));
}

async function serviceRssMb(service: string): Promise<number> {
  const id = (
    await docker(
      'ps',
      '-q',
      '--filter',
      `label=com.docker.compose.project=${stack.project}`,
      '--filter',
      `label=com.docker.compose.service=${service}`,
    )
  ).split('\n')[0];
  if (id === undefined || id === '') throw new Error(`no running container of service ${service} in project ${stack.project}`);
  return sum((await processesOf(id)).map((pid) => kib(`/proc/${pid}/status`, /VmRSS:\s+(\d+) kB/))) / KIB_PER_MB;
}

/** Proportional share of all processes of a container and of its shim: pages that many containers map count once in all. */
async function containerShareMb(dockerId: string): Promise<number> {
  const pids = [...(await processesOf(dockerId)), ...shimsOf(dockerId)];
  return sum(pids.map((pid) => kib(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+) kB/m))) / KIB_PER_MB;
}

async function processesOf(dockerId: string): Promise<string[]> {
  const rows = (await docker('top', dockerId, '-eo', 'pid')).split('\n').slice(1);
  return rows.map((row) => row.trim()).filter((pid) => pid !== '');
}

function shimsOf(dockerId: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const command = textOrEmpty(`/proc/${pid}/cmdline`);
    return command.includes('containerd-shim') && command.includes(dockerId);
  });
}

/** A process may end between listing and reading. */
function textOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
    throw error;
  }
}

function kib(path: string, pattern: RegExp): number {
  return Number(pattern.exec(textOrEmpty(path))?.[1] ?? 0);
}

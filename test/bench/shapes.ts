import { deploy, removeDeployments } from '../support/stack';
import type { Target } from './load';
import type { Figure } from './report';
import { type BenchServer, bareServer, echoServer } from './servers';
import { median } from './statistics';
import { alternate, invocationTarget } from './throughput';

const HELLO = `exports.handler = async () => 'hello';`;
const MIB = 1024 * 1024;
const MANY_FUNCTIONS = 1000;

/** P11, P14: throughput with other payloads and a thousand functions beside. */
export async function shapes(rounds: number): Promise<Figure[]> {
  return [...(await echo(rounds)), ...(await largePayload(rounds)), ...(await manyFunctions(rounds))];
}

async function compare(server: BenchServer, subject: Target, options: Parameters<typeof alternate>[2]): Promise<Figure[]> {
  try {
    return await alternate([{ ...subject, subject: 'bare node:http', url: server.url }, subject], 16, options);
  } finally {
    await server.stop();
    await removeDeployments();
  }
}

async function echo(rounds: number): Promise<Figure[]> {
  const name = await deploy({ source: 'exports.handler = async (event) => event;', concurrency: 100 });
  const body = JSON.stringify({ text: 'x'.repeat(1024 - 11) });
  return compare(await echoServer(), invocationTarget(name, body), { id: 'P14 echo 1 KB', target: '>= 0.5', rounds });
}

async function largePayload(rounds: number): Promise<Figure[]> {
  const name = await deploy({ source: HELLO, concurrency: 100 });
  const subject = invocationTarget(name, 'x'.repeat(MIB), 'application/octet-stream');
  return compare(await bareServer(), subject, { id: 'P11 payload 1 MB', target: '>= 0.5', rounds });
}

async function manyFunctions(rounds: number): Promise<Figure[]> {
  const name = await deploy({ source: HELLO, concurrency: 100 });
  const options = { id: 'P11 functions', rounds };
  try {
    const alone = await alternate([{ ...invocationTarget(name, '{}'), subject: 'easyfaas, 1 function' }], 16, options);
    for (let index = 0; index < MANY_FUNCTIONS; index += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, at) => deploy({ source: `exports.handler = async () => ${index + at};` })));
    }
    const among = await alternate([{ ...invocationTarget(name, '{}'), subject: 'easyfaas, 1 000 functions' }], 16, options);
    const [before, after] = [alone[0], among[0]];
    if (before === undefined || after === undefined) throw new Error('nothing was measured');
    const ratio = median(after.values) / median(before.values);
    return [before, { ...after, ratio, target: '>= 0.9' }];
  } finally {
    await removeDeployments();
  }
}

import { deploy, invoke, removeDeployments, stack } from '../support/stack';
import { type LoadResult, type Target, load } from './load';
import type { Figure } from './report';
import { bareServer, functionsFramework } from './servers';
import { median } from './statistics';

const HELLO = `exports.handler = async () => 'hello';`;
const SECONDS = 4;
const WARM_UP_SECONDS = 2;

/**
 * P1 and P2: warm calls of hello through the public API against a bare node:http server and functions-framework, one
 * after the other within each round, so that a change in the machine's speed meets all of them.
 */
export async function throughput(rounds: number): Promise<Figure[]> {
  const name = await deploy({ source: HELLO, concurrency: 100 });
  const bare = await bareServer();
  const framework = await functionsFramework();
  const body = '{}';
  const json = { 'Content-Type': 'application/json' };
  const targets: Target[] = [
    { subject: 'bare node:http', url: bare.url, headers: json, body },
    {
      subject: 'easyfaas',
      url: `${stack.url}/v1/functions/${name}/invocations`,
      headers: { ...json, Authorization: `Bearer ${stack.key}` },
      body,
    },
    { subject: 'functions-framework (no isolation)', url: framework.url, headers: json, body },
  ];
  try {
    const answer = await invoke(name);
    if (answer.text !== '"hello"') throw new Error(`hello answered ${answer.status} ${answer.text}`);
    for (const target of targets) await load(target, 16, WARM_UP_SECONDS);
    const figures: Figure[] = [];
    for (const connections of [1, 16, 64]) figures.push(...(await alternate(targets, connections, rounds)));
    return figures;
  } finally {
    await bare.stop();
    await framework.stop();
    await removeDeployments();
  }
}

async function alternate(targets: Target[], connections: number, rounds: number): Promise<Figure[]> {
  const results = new Map<string, LoadResult[]>(targets.map(({ subject }) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) results.get(target.subject)?.push(await load(target, connections, SECONDS));
  }
  const id = `${connections === 1 ? 'P2' : 'P1'} c${connections}`;
  const target = connections === 1 ? '>= 0.40' : '>= 0.75';
  const baseline = results.get('bare node:http') ?? [];
  return targets.flatMap(({ subject }) => {
    const own = results.get(subject) ?? [];
    const ratios = own.map((each, round) => each.requestsPerSecond / (baseline[round]?.requestsPerSecond ?? Number.NaN));
    const compared = subject === 'bare node:http' ? {} : { ratio: median(ratios) };
    const aim = subject === 'easyfaas' ? { target } : {};
    return [
      { id, subject, unit: 'calls/s', values: own.map((each) => each.requestsPerSecond), ...compared, ...aim },
      { id: `${id} p50`, subject, unit: 'ms', values: own.map((each) => each.p50Ms) },
      { id: `${id} p99`, subject, unit: 'ms', values: own.map((each) => each.p99Ms) },
    ];
  });
}

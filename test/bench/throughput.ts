import { deploy, invoke, removeDeployments, stack } from '../support/stack';
import { type LoadResult, type Target, load } from './load';
import type { Figure } from './report';
import { bareServer, framedServer, functionsFramework } from './servers';
import { median } from './statistics';

const HELLO = `exports.handler = async () => 'hello';`;
const SECONDS = 4;
const WARM_UP_SECONDS = 2;

/**
 * P1 and P2: warm calls of hello through the public API against a bare node:http server, a second process behind one, and
 * functions-framework, one after the other within each round, so that a change in the machine's speed meets all of them.
 */
export async function throughput(rounds: number): Promise<Figure[]> {
  const name = await deploy({ source: HELLO, concurrency: 100 });
  const bare = await bareServer();
  const framed = await framedServer();
  const framework = await functionsFramework();
  const subject = invocationTarget(name, '{}');
  const targets: Target[] = [
    { ...subject, subject: 'bare node:http', url: bare.url },
    subject,
    { ...subject, subject: 'two processes and frames, no engine', url: framed.url },
    { ...subject, subject: 'functions-framework (no isolation)', url: framework.url },
  ];
  try {
    const answer = await invoke(name);
    if (answer.text !== '"hello"') throw new Error(`hello answered ${answer.status} ${answer.text}`);
    for (const target of targets) await load(target, 16, WARM_UP_SECONDS);
    const figures: Figure[] = [];
    for (const connections of [1, 16, 64]) {
      const id = `${connections === 1 ? 'P2' : 'P1'} c${connections}`;
      figures.push(...(await alternate(targets, connections, { id, target: connections === 1 ? '>= 0.40' : '>= 0.75', rounds })));
    }
    return figures;
  } finally {
    await bare.stop();
    await framed.stop();
    await framework.stop();
    await removeDeployments();
  }
}

/** A function of the stack as a target for load. */
export function invocationTarget(name: string, body: string, contentType = 'application/json'): Target {
  return {
    subject: 'easyfaas',
    url: `${stack.url}/v1/functions/${name}/invocations`,
    headers: { 'Content-Type': contentType, Authorization: `Bearer ${stack.key}` },
    body,
  };
}

/** Loads the targets one after the other in each round; the first is the baseline of the others. */
export async function alternate(
  targets: readonly Target[],
  connections: number,
  { id, target, rounds }: { id: string; target?: string; rounds: number },
): Promise<Figure[]> {
  const results = new Map<string, LoadResult[]>(targets.map(({ subject }) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (const each of targets) results.get(each.subject)?.push(await load(each, connections, SECONDS));
  }
  const baseline = results.get(targets[0]?.subject ?? '') ?? [];
  return targets.flatMap(({ subject }) => {
    const own = results.get(subject) ?? [];
    const ratios = own.map((each, round) => each.requestsPerSecond / (baseline[round]?.requestsPerSecond ?? Number.NaN));
    const compared = subject === targets[0]?.subject ? {} : { ratio: median(ratios) };
    const aim = subject === 'easyfaas' && target !== undefined ? { target } : {};
    return [
      { id, subject, unit: 'calls/s', values: own.map((each) => each.requestsPerSecond), ...compared, ...aim },
      { id: `${id} p50`, subject, unit: 'ms', values: own.map((each) => each.p50Ms) },
      { id: `${id} p99`, subject, unit: 'ms', values: own.map((each) => each.p99Ms) },
    ];
  });
}

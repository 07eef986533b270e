import { eventually } from '../support/eventually';
import { call, deploy, docker, invoke, removeDeployments, stack } from '../support/stack';
import { BareQueue, preciseNowMs } from './bare-queue';
import { load } from './load';
import type { Figure } from './report';
import { RedisFigures } from './redis-figures';
import { median } from './statistics';
import { invocationTarget } from './throughput';

const SECONDS = 4;
const AT_ONCE = 50;
const PAYLOAD = { a: 1 };
const BODY = JSON.stringify(PAYLOAD);
const FLOOD = Number(process.env['BENCH_FLOOD'] ?? 10_000);
const SLOW_MS = 500;
const PROBES = 20;
const QUICK = `exports.handler = async () => 'done';`;
/** Says when it was started, as precisely as clocks of one machine agree. */
const CLOCK = `exports.handler = async () => performance.timeOrigin + performance.now();`;
const SLOW = `exports.handler = () => new Promise((resolve) => setTimeout(resolve, ${SLOW_MS}, 'done'));`;

/** P9: events against bare BullMQ on the same Redis, one after the other within each round. */
export async function events(rounds: number): Promise<Figure[]> {
  const socket = await redisSocket();
  const producer = await BareQueue.start(socket, 'producer');
  const worker = await BareQueue.start(socket, 'worker');
  try {
    return [...(await rates(producer, worker, rounds)), ...(await latency(producer, worker)), ...(await flood())];
  } finally {
    await producer.ask('clear');
    await producer.stop();
    await worker.stop();
    await removeDeployments();
  }
}

/** The stack's own Redis, through the volume that its socket is in. */
async function redisSocket(): Promise<string> {
  const given = process.env['EASYFAAS_TEST_REDIS_SOCKET'];
  if (given !== undefined) return given;
  return `${await docker('volume', 'inspect', '--format', '{{.Mountpoint}}', `${stack.project}_redis-socket`)}/redis.sock`;
}

/** Accepted while they are run, and all of them run: events per second, Redis commands and Redis's processor time per event. */
async function rates(producer: BareQueue, worker: BareQueue, rounds: number): Promise<Figure[]> {
  const name = await deploy({ source: QUICK, concurrency: 10 });
  const base = invocationTarget(name, BODY);
  const target = { ...base, headers: { ...base.headers, 'X-Easyfaas-Invoke-Type': 'event' } };
  await load({ ...target, subject: 'easyfaas' }, AT_ONCE, 2);
  await producer.ask('produce', { atOnce: AT_ONCE, seconds: 2, payload: PAYLOAD });
  const redis = new RedisFigures(producer);
  const bare: Round[] = [];
  const own: Round[] = [];
  await settled(endedCount);
  for (let round = 0; round < rounds; round++) {
    bare.push(
      await measure(redis, {
        count: async () => (await worker.ask<{ done: number }>('progress')).done,
        accept: async () => (await producer.ask<number>('produce', { atOnce: AT_ONCE, seconds: SECONDS, payload: PAYLOAD })) / SECONDS,
      }),
    );
    own.push(
      await measure(redis, {
        count: () => endedCount(),
        accept: async () => (await load(target, AT_ONCE, SECONDS)).requestsPerSecond,
      }),
    );
  }
  const rows = [
    ['accepted', 'events/s', 'accepted', '>= 0.7'],
    ['run', 'events/s', 'run', '>= 0.7'],
    ['Redis commands', 'per event', 'commands', undefined],
    ["Redis's processor time", 'us/event', 'redisUs', undefined],
  ] as const;
  return rows.flatMap(([what, unit, field, aim]) => {
    const ratios = own.map((each, round) => each[field] / (bare[round]?.[field] ?? NaN));
    return [
      { id: `P9 ${what}`, subject: 'bare BullMQ', unit, values: bare.map((each) => each[field]) },
      {
        id: `P9 ${what}`,
        subject: 'easyfaas',
        unit,
        values: own.map((each) => each[field]),
        ratio: median(ratios),
        ...(aim && { target: aim }),
      },
    ];
  });
}

interface Round {
  accepted: number;
  run: number;
  commands: number;
  redisUs: number;
}

/** Hands in for some seconds, then waits until all have been run. */
async function measure(
  redis: RedisFigures,
  { count, accept }: { count: () => Promise<number>; accept: () => Promise<number> },
): Promise<Round> {
  const before = await count();
  const start = await redis.read();
  const startedMs = preciseNowMs();
  const accepted = await accept();
  const { last, lastMs } = await settled(count);
  const end = await redis.read();
  const done = last - before;
  return {
    accepted,
    run: (done / (lastMs - startedMs)) * 1000,
    commands: (end.commands - start.commands) / done,
    redisUs: (end.processorUs - start.processorUs) / done,
  };
}

/** Waits until a count has not grown for a second. */
async function settled(count: () => Promise<number>): Promise<{ last: number; lastMs: number }> {
  let [last, lastMs] = [await count(), preciseNowMs()];
  for (let same = 0; same < 10;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = await count();
    if (now === last) same++;
    else [last, lastMs, same] = [now, preciseNowMs(), 0];
  }
  return { last, lastMs };
}

async function endedCount(): Promise<number> {
  const { text } = await call('/metrics');
  return Number(/^easyfaas_events_ended_total\{[^}]*status="succeeded"[^}]*\} (\S+)$/m.exec(text)?.[1] ?? 0);
}

/** From the 202 to the first line of the handler, and from `add` to the processor. */
async function latency(producer: BareQueue, worker: BareQueue): Promise<Figure[]> {
  const name = await deploy({ source: CLOCK });
  await invoke(name);
  const bareMs: number[] = [];
  const ownMs: number[] = [];
  for (let sample = 0; sample < PROBES; sample++) {
    const { done } = await worker.ask<{ done: number }>('progress');
    const addedMs = await producer.ask<number>('add', { payload: PAYLOAD });
    await eventually(async () => {
      const progress = await worker.ask<{ done: number; startedMs: number }>('progress');
      if (progress.done === done) throw new Error('not run yet');
      bareMs.push(progress.startedMs - addedMs);
    }, 10_000);
    const { requestId, acceptedMs } = await send(name);
    ownMs.push((await resultOf(requestId)) - acceptedMs);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return [
    { id: 'P9 start', subject: 'bare BullMQ, add to processor', unit: 'ms', values: bareMs },
    { id: 'P9 start', subject: 'easyfaas, 202 to handler', unit: 'ms', values: ownMs, target: '<= 6 ms' },
  ];
}

/** How long another function's event waits while one that is slow has many. */
async function flood(): Promise<Figure[]> {
  const other = await deploy({ source: CLOCK });
  const slow = await deploy({ source: SLOW, timeoutSeconds: 10 });
  await invoke(other);
  const probe = async (): Promise<number[]> => {
    const delays: number[] = [];
    for (let sample = 0; sample < PROBES; sample++) {
      const sentMs = preciseNowMs();
      const { requestId } = await send(other);
      delays.push((await resultOf(requestId)) - sentMs);
    }
    return delays;
  };
  const alone = await probe();
  let sent = 0;
  const clients = Array.from({ length: AT_ONCE }, async () => {
    while (sent++ < FLOOD) await send(slow);
  });
  await Promise.all(clients);
  const beside = await probe();
  return [
    { id: 'P9 flood', subject: 'alone, request to handler', unit: 'ms', values: alone },
    {
      id: 'P9 flood',
      subject: `easyfaas, beside ${FLOOD} slow ones`,
      unit: 'ms',
      values: beside,
      ratio: median(beside) / median(alone),
      target: '<= 2',
    },
  ];
}

async function send(name: string): Promise<{ requestId: string; acceptedMs: number }> {
  const answer = await invoke(name, PAYLOAD, { headers: { 'X-Easyfaas-Invoke-Type': 'event' } });
  const acceptedMs = preciseNowMs();
  if (answer.status !== 202) throw new Error(`an event was answered ${answer.status}: ${answer.text}`);
  return { requestId: answer.json<{ requestId: string }>().requestId, acceptedMs };
}

async function resultOf(requestId: string): Promise<number> {
  let result = NaN;
  await eventually(async () => {
    const view = (await call(`/v1/invocations/${requestId}`)).json<{ status: string; result?: number }>();
    if (view.status !== 'succeeded' || view.result === undefined) throw new Error(`the event is ${view.status}`);
    result = view.result;
  }, 60_000);
  return result;
}

import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { concludeRun } from '../support/conclude-run';
import { describeLocally } from '../support/describe-locally';
import { EventRun } from '../support/event-run';
import { eventually } from '../support/eventually';
import { FailingEndpoint } from '../support/failing-endpoint';
import { LEDGER_HANDLER } from '../support/ledger';
import { LocalStack } from '../support/local-stack';

/** Nothing of the platform but what is in memory is needed for it. */
const KNOWN = 'exports.handler = async (event) => event.id;';
/** What may be said about an event while a part of the platform is away. */
const REFUSALS = ['QUEUE_UNAVAILABLE', 'QUEUE_FULL', 'STORE_UNAVAILABLE', 'SHUTTING_DOWN', 'no connection'];
const CLIENTS = 4;
const AT_ONCE = 10;
/** Five seconds are promised from Redis being back to the first event; the rest is room for a busy machine. */
const BACK_MS = 30_000;

let stack: LocalStack;
/** Of the test that runs: ended with it, also when it fails. */
let run: EventRun | undefined;

describeLocally('events that were answered for', () => {
  beforeAll(async () => {
    const env = { EASYFAAS_POOL_MIN: 'nodejs20=2,python3=0', EASYFAAS_URL_ALLOW: '127.0.0.1' };
    stack = await LocalStack.start({ env, redisDiskMb: 64 });
    await stack.untilFilled();
  }, 120_000);

  afterEach(async () => {
    await run?.finish();
    if (!stack.redis.isRunning) stack.startRedis();
    if (!stack.funclet.isRunning) stack.startFunclet();
    if (!stack.controller.isRunning) stack.startController();
    await stack.untilReady();
  }, 60_000);

  afterAll(async () => {
    await stack?.stop();
  }, 60_000);

  it('F1: are not lost when the controller is killed, twice', async () => {
    const [name, events] = await start();
    for (let time = 0; time < 2; time++) {
      await eventually(() => expect(events.accepted.length).toBeGreaterThan(40 * (time + 1)), 60_000);
      await stack.controller.kill();
      stack.startController();
      await stack.untilReady();
    }
    await conclude(name, events, { fault: 'F1', injected: 'controller killed twice under events', kills: 2 });
  }, 240_000);

  it('F6: are not lost when Redis is killed; clients are told in time, calls go on, and so do events when it is back', async () => {
    const known = await stack.client.deploy({ source: KNOWN, concurrency: 4 });
    const [name, events] = await start();
    const calls = await stack.newRun();
    expect((await calls.call(known)).kind).toBe('ok');
    calls.load([known], { clients: 2, pauseMs: 10 });
    await eventually(() => expect(events.accepted.length).toBeGreaterThan(40), 60_000);

    await stack.redis.kill();
    await eventually(() => expect(events.tally['QUEUE_UNAVAILABLE']).toBeGreaterThan(40), 30_000);
    const before = events.accepted.length;
    stack.startRedis();
    const startedAtMs = performance.now();
    await eventually(() => expect(events.accepted.length).toBeGreaterThan(before), BACK_MS, 10);
    const backMs = performance.now() - startedAtMs;
    await eventually(() => expect(events.accepted.length).toBeGreaterThan(before + 40), 60_000);
    await calls.finish();
    expect(calls.tally).toEqual({ ok: calls.endings.length });

    const slowestMs = Math.max(...events.submissions.map(({ tookMs }) => tookMs));
    const measured = { 'accepted again after ms': Math.round(backMs), 'slowest answer ms': Math.round(slowestMs) };
    await conclude(name, events, { fault: 'F6', injected: 'redis killed under events', kills: 1, measured });
    await stack.client.remove(known);
  }, 240_000);

  it('F2: run once when the controller is killed before it could answer, and the client asks again', async () => {
    const [name, events] = await prepare();
    await stack.controller.stop();
    const armed = stack.startController({ EASYFAAS_FAILPOINTS: 'event-accepted', EASYFAAS_UNSAFE: '1' });
    await stack.untilReady();
    const unanswered = await events.submit();
    expect(unanswered.kind).toBe('no connection');
    await armed.ended;
    stack.startController();
    await stack.untilReady();
    expect((await events.submit({ id: unanswered.id })).kind).toBe('accepted');
    await conclude(name, events, { fault: 'F2', injected: 'controller killed between the acknowledgement and the answer', kills: 0 });
  }, 240_000);

  it('F9 and F25: are not lost while Redis is full; what came of them reaches an endpoint that fails in every way', async () => {
    const [name, events] = await start();
    await eventually(() => expect(events.accepted.length).toBeGreaterThan(20), 60_000);
    const usedBytes = /^used_memory:(\d+)/m.exec(stack.askRedis('INFO', 'memory'))?.[1] ?? '';
    stack.askRedis('CONFIG', 'SET', 'maxmemory', usedBytes);
    await eventually(() => expect(events.tally['QUEUE_FULL']).toBeGreaterThan(20), 60_000);
    stack.askRedis('CONFIG', 'SET', 'maxmemory', '0');
    const endpoint = await FailingEndpoint.start();
    try {
      await stack.client.call(`/v1/functions/${name}/event-invoke-config`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ DestinationConfig: { OnSuccess: { Destination: endpoint.url } } }),
      });
      // Events are judged by a configuration that is two seconds old at most.
      const before = events.accepted.length;
      await eventually(() => expect(endpoint.delivered.size).toBeGreaterThan(0), 60_000);
      await eventually(() => expect(events.accepted.length).toBeGreaterThan(before + 40), 60_000);
      const first = endpoint.firstAtMs;
      await events.finish();
      await events.untilEnded(90_000);
      const owed = events.accepted.filter(({ sentAtMs }) => sentAtMs > first).map(({ requestId }) => requestId);
      await eventually(() => expect(owed.filter((requestId) => !endpoint.delivered.has(requestId))).toEqual([]), 90_000, 500);
    } finally {
      await endpoint.stop();
    }
    const measured = { 'answered QUEUE_FULL': events.tally['QUEUE_FULL'] ?? 0, delivered: endpoint.delivered.size };
    await conclude(name, events, { fault: 'F9, F25', injected: "Redis's memory full; an endpoint that fails", kills: 0, measured });
  }, 300_000);

  it('F15 and F19: are not lost when the disk is full, nor while everything is stopped and started in turn', async () => {
    const known = await stack.client.deploy({ source: KNOWN, concurrency: 4 });
    const [name, events] = await start();
    const calls = await stack.newRun();
    expect((await calls.call(known)).kind).toBe('ok');
    calls.load([known], { clients: 1, pauseMs: 10 });
    await eventually(() => expect(events.accepted.length).toBeGreaterThan(20), 60_000);
    const filler = join(stack.redisDirectory, 'filler');
    fill(filler);
    await stack.redis.ended;
    await eventually(() => expect(events.tally['QUEUE_UNAVAILABLE']).toBeGreaterThan(10), 60_000);
    rmSync(filler);
    stack.startRedis();
    let before = events.accepted.length;
    await eventually(() => expect(events.accepted.length).toBeGreaterThan(before + 10), BACK_MS);
    await calls.finish();
    expect(calls.tally).toEqual({ ok: calls.endings.length });

    for (let turn = 0; turn < 2; turn++) {
      await stack.controller.stop();
      stack.startController();
      await stack.untilReady();
      await stack.funclet.stop();
      stack.startFunclet();
      await stack.redis.stop();
      stack.startRedis();
      await stack.untilReady();
      before = events.accepted.length;
      await eventually(() => expect(events.accepted.length).toBeGreaterThan(before + 10), BACK_MS);
    }
    await conclude(name, events, {
      fault: 'F15, F19',
      injected: "disk of Redis's log full; all services restarted in turn, twice",
      kills: 3,
    });
    await stack.client.remove(known);
  }, 300_000);

  it('F26: are not lost when everything is killed at once', async () => {
    const [name, events] = await start();
    await eventually(() => expect(events.accepted.length).toBeGreaterThan(40), 60_000);
    await Promise.all([stack.controller.kill(), stack.funclet.kill(), stack.redis.kill()]);
    stack.startRedis();
    stack.startFunclet();
    stack.startController();
    await stack.untilReady();
    await conclude(name, events, { fault: 'F26', injected: 'redis, funclet and controller killed under events', kills: 1 });
  }, 240_000);
});

async function start(): Promise<[name: string, events: EventRun]> {
  const [name, events] = await prepare();
  events.load({ clients: CLIENTS, ms: 100, pauseMs: 20 });
  return [name, events];
}

/** A function, and events that nobody has sent yet. */
async function prepare(): Promise<[name: string, events: EventRun]> {
  const name = await stack.client.deploy({ source: LEDGER_HANDLER, concurrency: AT_ONCE, timeoutSeconds: 20 });
  run = new EventRun(stack.client, stack.ledger, name);
  return [name, run];
}

/** Writes until the disk has no room at all. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let bytes = 1 << 20; bytes >= 1;) {
      try {
        writeSync(file, Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        bytes >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
}

interface Injected {
  fault: string;
  injected: string;
  /** Times that somebody was killed: each may make what ran just then run again. */
  kills: number;
  measured?: Record<string, number>;
}

async function conclude(name: string, events: EventRun, { fault, injected, kills, measured = {} }: Injected): Promise<void> {
  const [first] = events.accepted;
  // Under the same key it is still the same event.
  expect((await events.submit(first)).requestId).toBe(first?.requestId);
  await events.finish();
  await events.untilEnded(90_000);
  let drift = NaN;
  await eventually(async () => {
    const { text } = await stack.client.call('/metrics');
    drift = Number(/^easyfaas_queue_conservation_drift(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1]);
    expect(drift).toBe(0);
  }, 40_000);
  const repeatedAtMost = kills * runningAtOnce();
  await concludeRun(stack, events, { fault, injected, repeatedAtMost, measured: { ...measured, drift } });
  expect(Object.keys(events.tally).filter((kind) => !['accepted', 'succeeded', ...REFUSALS].includes(kind))).toEqual([]);
  await stack.client.remove(name);
}

/** Events of one function that run at once: eight containers' worth. */
function runningAtOnce(): number {
  return 8 * AT_ONCE;
}

import { concludeRun } from '../support/conclude-run';
import { describeLocally } from '../support/describe-locally';
import { EventRun } from '../support/event-run';
import { eventually } from '../support/eventually';
import { LEDGER_HANDLER } from '../support/ledger';
import { LocalStack } from '../support/local-stack';

/** Nothing of the platform but what is in memory is needed for it. */
const KNOWN = 'exports.handler = async (event) => event.id;';
/** What may be said about an event while a part of the platform is away. */
const REFUSALS = ['QUEUE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'SHUTTING_DOWN', 'no connection'];
const CLIENTS = 4;
const AT_ONCE = 10;
/** Five seconds are promised from Redis being back to the first event; the rest is room for a busy machine. */
const BACK_MS = 30_000;

let stack: LocalStack;
/** Of the test that runs: ended with it, also when it fails. */
let run: EventRun | undefined;

describeLocally('events that were answered for', () => {
  beforeAll(async () => {
    stack = await LocalStack.start({ env: { EASYFAAS_POOL_MIN: 'nodejs20=2,python3=0' } });
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
  const name = await stack.client.deploy({ source: LEDGER_HANDLER, concurrency: AT_ONCE, timeoutSeconds: 20 });
  const started = new EventRun(stack.client, stack.ledger, name);
  started.load({ clients: CLIENTS, ms: 100, pauseMs: 20 });
  run = started;
  return [name, started];
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

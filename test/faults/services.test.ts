import { describeLocally } from '../support/describe-locally';
import { concludeRun } from '../support/conclude-run';
import { eventually } from '../support/eventually';
import { LEDGER_HANDLER } from '../support/ledger';
import { LocalStack } from '../support/local-stack';

const DEAF_TO_SIGTERM = `
process.on('SIGTERM', () => { for (;;); });
exports.handler = async () => 'deaf';
`;

let stack: LocalStack;

describeLocally('the services', () => {
  beforeAll(async () => {
    stack = await LocalStack.start({ env: { EASYFAAS_POOL_MIN: 'nodejs20=2,python3=0' } });
    await stack.untilFilled();
  }, 120_000);

  afterEach(async () => {
    if (!stack.controller.isRunning) stack.startController();
    await stack.untilReady();
  });

  afterAll(async () => {
    await stack?.stop();
  }, 60_000);

  it('F17: a function that ignores SIGTERM is removed all the same', async () => {
    const name = await stack.client.deploy({ source: DEAF_TO_SIGTERM });
    expect((await stack.client.invoke(name)).text).toBe('"deaf"');
    const { containerId } = await stack.client.containerOf(name);
    await stack.client.drain(containerId);
    await eventually(() => expect(stack.containers().map((each) => each.containerId)).not.toContain(containerId), 15_000);
    await stack.client.remove(name);
    expect(await stack.settledOrphans()).toEqual([]);
  }, 60_000);

  it('F18: SIGTERM of the controller under load: readiness goes first, what was accepted ends well, status 0', async () => {
    const name = await stack.client.deploy({ source: LEDGER_HANDLER, concurrency: 20, timeoutSeconds: 20 });
    const run = await stack.newRun();
    expect((await run.call(name)).kind).toBe('ok');
    run.load([name], { clients: 10, ms: 30, pauseMs: 5 });
    await eventually(() => expect(run.endings.length).toBeGreaterThan(50), 20_000);
    const long = Array.from({ length: 5 }, () => run.call(name, { ms: 2500 }));
    await eventually(async () => expect((await stack.client.containerOf(name)).inFlight).toBeGreaterThanOrEqual(5), 20_000);
    stack.controller.signal('SIGTERM');
    // While the long calls end: what is open is served, new work is refused, and readiness says so.
    const seen = await readinessUntilGone();
    expect(await stack.controller.ended).toEqual({ code: 0, signal: null });
    expect((await Promise.all(long)).map(({ kind }) => kind)).toEqual(long.map(() => 'ok'));
    // Once it has said no, or nobody listens, it is never ready again.
    const firstNo = seen.findIndex((status) => status !== 200);
    expect(seen.slice(firstNo)).not.toContain(200);
    expect(seen.filter((status) => ![200, 503, 0].includes(status))).toEqual([]);

    stack.startController();
    await stack.untilReady();
    expect((await run.call(name)).kind).toBe('ok');
    await run.finish();
    const allowed = ['ok', 'no connection', 'SHUTTING_DOWN'];
    expect(run.endings.filter(({ kind }) => !allowed.includes(kind))).toEqual([]);
    expect(run.verdict().recovered).toEqual([]);
    await concludeRun(stack, run, { fault: 'F18', injected: 'SIGTERM of the controller under load' });
    await stack.client.remove(name);
  }, 90_000);

  it('F20: a second controller on the same data directory refuses to start, and the first does not notice', async () => {
    const name = await stack.client.deploy({ source: LEDGER_HANDLER, concurrency: 4, timeoutSeconds: 20 });
    const run = await stack.newRun();
    expect((await run.call(name)).kind).toBe('ok');
    run.load([name], { clients: 2, ms: 10, pauseMs: 10 });
    const second = stack.startSecondController({ EASYFAAS_LISTEN: '127.0.0.1:0' });
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.log).toMatch(/Another controller uses this data directory/);
    await run.finish();
    expect(run.tally).toEqual({ ok: run.endings.length });
    await concludeRun(stack, run, { fault: 'F20', injected: 'a second controller on the data directory' });

    // A controller that was killed leaves nothing behind that would keep the next one out.
    await stack.controller.kill();
    stack.startController();
    await stack.untilReady();
    expect((await stack.client.invoke(name, { id: 'after-kill' })).status).toBe(200);
    await stack.client.remove(name);
  }, 90_000);

  it('F26: kill -9 of everything at once leaves nothing behind, and loses no function', async () => {
    const name = await stack.client.deploy({ source: LEDGER_HANDLER, concurrency: 4, timeoutSeconds: 20 });
    const run = await stack.newRun();
    run.load([name], { clients: 4, ms: 20, pauseMs: 5 });
    await eventually(() => expect(run.endings.length).toBeGreaterThan(20), 20_000);
    await Promise.all([stack.controller.kill(), stack.funclet.kill(), stack.redis.kill()]);
    stack.startRedis();
    stack.startFunclet();
    stack.startController();
    await stack.untilReady();
    await eventually(async () => expect((await run.call(name)).kind).toBe('ok'), 20_000);
    await run.finish();
    const allowed = ['ok', 'no connection', 'RUNTIME_LOST', 'FUNCLET_UNAVAILABLE', 'RUNTIME_UNAVAILABLE', 'STORE_UNAVAILABLE'];
    expect(run.endings.filter(({ kind }) => !allowed.includes(kind))).toEqual([]);
    await concludeRun(stack, run, { fault: 'F26', injected: 'redis, funclet and controller killed at once' });
    await stack.client.remove(name);
  }, 90_000);

  it('F8: FLUSHALL: the engine stays up, what is gone is gone for all, and new functions work at once', async () => {
    const gone = await stack.client.deploy({ source: LEDGER_HANDLER, timeoutSeconds: 20 });
    const run = await stack.newRun();
    expect((await run.call(gone)).kind).toBe('ok');
    const { containerId } = await stack.client.containerOf(gone);
    const pid = stack.controller.pid;
    stack.flushRedis();

    // The admin key is registered again from its file.
    await eventually(async () => expect((await stack.client.call('/v1/functions')).status).toBe(200), 15_000);
    await eventually(async () => expect((await run.call(gone)).kind).toBe('FUNCTION_NOT_FOUND'), 60_000, 500);
    await eventually(
      async () => expect((await stack.client.pool()).map((each) => each.containerId)).not.toContain(containerId),
      60_000,
      500,
    );
    const fresh = await stack.client.deploy({ source: LEDGER_HANDLER, timeoutSeconds: 20 });
    expect((await run.call(fresh)).kind).toBe('ok');
    expect(stack.controller.pid).toBe(pid);
    await concludeRun(stack, run, { fault: 'F8', injected: 'FLUSHALL' });
    await stack.client.remove(fresh);
  }, 180_000);
});

/** Status codes of /readyz, asked on new connections until nobody listens any more; 0 stands for nobody. */
async function readinessUntilGone(): Promise<number[]> {
  const seen: number[] = [];
  const look = (): Promise<number> =>
    stack.client.call('/readyz', { timeoutMs: 2000 }).then(
      ({ status }) => status,
      () => 0,
    );
  do {
    await new Promise((resolve) => setTimeout(resolve, 50));
    seen.push(await look());
  } while (stack.controller.isRunning && seen.length < 200);
  return seen;
}

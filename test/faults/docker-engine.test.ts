import { describeLocally } from '../support/describe-locally';
import { concludeRun } from '../support/conclude-run';
import { eventually } from '../support/eventually';
import { LEDGER_HANDLER } from '../support/ledger';
import { LocalStack } from '../support/local-stack';
import { PrivateEngine } from '../support/private-engine';
import { takeAllSteps } from '../support/take-all-steps';

/** Shorter than usual, so that a call to Docker that outlives its deadline shows within the test. */
const DOCKER_TIMEOUT_MS = 4000;

let engine: PrivateEngine;
let stack: LocalStack;

const image = `easyfaas/runtime-nodejs20:${process.env['EASYFAAS_IMAGE_TAG'] ?? 'latest'}`;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function oldestCallSeconds(): Promise<number> {
  const { text } = await stack.askFunclet('GET', '/metrics');
  expect(text).toContain('easyfaas_engine_oldest_call_seconds');
  return Number(/^easyfaas_engine_oldest_call_seconds(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1]);
}

async function warmFunction(note: string): Promise<string> {
  const name = await stack.client.deploy({ source: `${LEDGER_HANDLER} // ${note}`, concurrency: 4, timeoutSeconds: 20 });
  expect((await stack.client.invoke(name, { id: `warm-up-${note}` })).status).toBe(200);
  await stack.untilFilled();
  return name;
}

describeLocally('a Docker Engine of its own', () => {
  beforeAll(async () => {
    engine = await PrivateEngine.start([image]);
    stack = await LocalStack.start({
      dockerSocket: engine.socketPath,
      env: { EASYFAAS_POOL_MIN: 'nodejs20=2,python3=0', EASYFAAS_DOCKER_TIMEOUT_MS: String(DOCKER_TIMEOUT_MS) },
    });
    await stack.untilFilled();
  }, 240_000);

  afterAll(async () => {
    await takeAllSteps('stop', [() => stack?.stop(), () => engine?.stop()]);
  }, 120_000);

  it('F14: whose image is deleted is told in the answer, and all is well when it is back', async () => {
    const run = await stack.newRun();
    engine.docker('tag', image, 'kept:1');
    engine.docker('rmi', '--force', image);
    const names: string[] = [];
    const refused = await eventually(async () => {
      const name = await stack.client.deploy({ source: `${LEDGER_HANDLER} // image ${names.length}`, timeoutSeconds: 20 });
      names.push(name);
      const ending = await run.call(name);
      expect(ending.kind).toMatch(/^(RUNTIME_UNAVAILABLE|CIRCUIT_OPEN)$/);
      return ending;
    }, 90_000);
    expect(refused.text).toContain(image);

    engine.docker('tag', 'kept:1', image);
    const last = names.at(-1) ?? '';
    await eventually(async () => expect((await run.call(last)).kind).toBe('ok'), 40_000);
    for (const name of names) await stack.client.remove(name);
    await stack.untilFilled();
    await concludeRun(stack, run, { fault: 'F14', injected: 'image of a runtime deleted, and back' });
  }, 180_000);

  it('F12: that stands still (SIGSTOP, 12 s) leaves warm calls alone; cold ones are told in 10 s', async () => {
    const warm = await warmFunction('still');
    const run = await stack.newRun();
    engine.daemon.signal('SIGSTOP');
    // Two more than have a container or may still get one.
    const coming = (await stack.client.pool()).filter(({ state }) => state === 'cold' || state === 'creating').length;
    const cold: string[] = [];
    for (let index = 0; index < coming + 2; index++) {
      cold.push(await stack.client.deploy({ source: `${LEDGER_HANDLER} // cold ${index}`, timeoutSeconds: 20 }));
    }
    run.load([warm], { clients: 3, ms: 10, pauseMs: 20 });
    // At least two find a cold container, for which Docker is not asked; the others wait in vain.
    const endings = await Promise.all(cold.map((name) => run.call(name)));
    const oldest = await oldestCallSeconds();
    await sleep(2000);
    engine.daemon.signal('SIGCONT');

    expect(endings.filter(({ kind }) => kind === 'ok').length).toBeGreaterThanOrEqual(2);
    const refused = endings.filter(({ kind }) => kind !== 'ok');
    expect(refused.map(({ kind }) => kind)).toEqual(refused.map(() => 'RUNTIME_UNAVAILABLE'));
    expect(refused.length).toBeGreaterThan(0);
    expect(oldest).toBeLessThan(DOCKER_TIMEOUT_MS / 1000 + 2);
    await eventually(async () => expect((await run.call(cold.at(-1) ?? '')).kind).toBe('ok'), 40_000);
    await stack.untilFilled();
    await run.finish();
    expect(run.endings.filter(({ name, kind }) => name === warm && kind !== 'ok')).toEqual([]);
    await concludeRun(stack, run, {
      fault: 'F12',
      injected: 'dockerd stopped for 12 s (SIGSTOP)',
      measured: { oldestDockerCallMs: Math.round(oldest * 1000) },
    });
    for (const name of [warm, ...cold]) await stack.client.remove(name);
  }, 180_000);

  it('F10: that is killed and starts again without live-restore takes its containers along; the pool is made anew', async () => {
    const name = await warmFunction('killed');
    const before = new Set(stack.containers().map(({ containerId }) => containerId));
    const run = await stack.newRun();
    run.load([name], { clients: 3, ms: 50, pauseMs: 20 });
    await sleep(500);
    await engine.daemon.kill();
    await sleep(1500);
    const whileDown = run.endings.length;
    const startedAt = performance.now();
    await engine.startDaemon();
    await eventually(() => expect(stack.containers().filter(({ containerId }) => before.has(containerId))).toEqual([]), 60_000);
    await stack.untilFilled(60_000);
    const refilledAfterMs = Math.round(performance.now() - startedAt);
    await eventually(async () => expect((await run.call(name)).kind).toBe('ok'), 30_000);
    await run.finish();

    // Nothing of the data path goes through Docker: while it is away its containers serve.
    expect(run.endings.slice(0, whileDown).filter(({ kind }) => kind !== 'ok')).toEqual([]);
    const allowed = ['ok', 'RUNTIME_LOST', 'RUNTIME_UNAVAILABLE', 'ENGINE_UNAVAILABLE', 'CIRCUIT_OPEN', 'Runtime.ExitError'];
    expect(run.endings.filter(({ kind }) => !allowed.includes(kind))).toEqual([]);
    await concludeRun(stack, run, { fault: 'F10', injected: 'dockerd killed, back without live-restore', measured: { refilledAfterMs } });
    await stack.client.remove(name);
  }, 180_000);

  it('F11: that is killed and starts again with live-restore costs not one warm call', async () => {
    // The option has to be there before, or the containers are ended by the start.
    const settings = engine.daemon;
    settings.signal('SIGTERM');
    await settings.ended;
    await engine.startDaemon({ liveRestore: true });
    await stack.untilFilled(60_000);
    const name = await warmFunction('restored');
    const { containerId } = await stack.client.containerOf(name);
    const run = await stack.newRun();
    run.load([name], { clients: 3, ms: 20, pauseMs: 20 });
    await sleep(500);
    await engine.daemon.kill();
    await sleep(1500);
    await engine.startDaemon({ liveRestore: true });
    await sleep(3000);
    // The event stream is open again: what is killed by hand is seen, and its place is filled.
    const cold = (await stack.client.pool()).find(({ state }) => state === 'cold');
    engine.docker('rm', '--force', cold?.dockerId ?? '');
    await eventually(async () => {
      expect((await stack.client.pool()).map((each) => each.containerId)).not.toContain(cold?.containerId);
    }, 20_000);
    await run.finish();

    expect(run.tally).toEqual({ ok: run.endings.length });
    expect((await stack.client.containerOf(name)).containerId).toBe(containerId);
    await stack.untilFilled();
    await concludeRun(stack, run, { fault: 'F11', injected: 'dockerd killed, back with live-restore' });
  }, 180_000);
});

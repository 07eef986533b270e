import type { FunctionConfiguration, InvocationRecord } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { Load, observe, tally, unexpected } from '../support/load';
import { expectNoOrphans, instanceId } from '../support/orphans';
import { restartCount, serviceContainer, signalService, untilReady } from '../support/services';
import { call, deploy, docker, invoke, poolContainers, removeDeployments } from '../support/stack';

const COUNTS = `let calls = 0;\nexports.handler = async () => ++calls;`;
const SLEEPS = `exports.handler = (event) => new Promise((resolve) => setTimeout(resolve, event.ms, 'slept'));`;

/** What a client may be told while the controller is away; every other ending is a broken promise. */
const ALLOWED = [
  'ok',
  'no connection',
  'RUNTIME_LOST',
  'SHUTTING_DOWN',
  'FUNCLET_UNAVAILABLE',
  'RUNTIME_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'THROTTLED',
];

let instance: string;

beforeAll(async () => {
  await untilReady();
  instance = await instanceId();
});

afterEach(async () => {
  await untilReady();
});

afterAll(async () => {
  await removeDeployments();
  await expectNoOrphans(instance, 30_000);
});

describe('kill -9 of the controller', () => {
  it('during calls lets no client hang, and the stack is back within 30 s with its warm containers', async () => {
    const waiting = await deploy({ source: COUNTS });
    const busy = await deploy({ source: SLEEPS, concurrency: 5, timeoutSeconds: 10 });
    const before = await invoke(waiting);
    expect(before.text).toBe('1');
    const restarts = await restartCount('controller');
    const load = new Load({ names: [busy], clients: 5, payload: { ms: 150 }, hangMs: 20_000 });
    await eventually(() => expect(load.outcomes.length).toBeGreaterThan(10), 30_000);

    await signalService('controller', 'KILL');
    await eventually(async () => expect(await restartCount('controller')).toBeGreaterThan(restarts), 30_000);
    await untilReady();
    const seen = load.outcomes.length;
    await eventually(() => expect(load.outcomes.slice(seen).filter(({ kind }) => kind === 'ok').length).toBeGreaterThan(10), 30_000);
    const outcomes = await load.stop();

    expect(unexpected(outcomes, ALLOWED)).toEqual({});
    expect(tally(outcomes)['no connection']).toBeGreaterThan(0);
    // Same container, same process: its count goes on.
    const after = await invoke(waiting);
    expect({ text: after.text, start: after.headers.get('x-easyfaas-start') }).toEqual({ text: '2', start: 'warm' });
    expect(after.headers.get('x-easyfaas-container')).toBe(before.headers.get('x-easyfaas-container'));
    await expectNoOrphans(instance);
  }, 150_000);

  it('again and again, in the middle of cold starts, leaves nothing behind and always comes back', async () => {
    const names = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((index) => deploy({ source: `exports.handler = async () => ${index};`, timeoutSeconds: 10 })),
    );
    const load = new Load({ names, clients: 4, hangMs: 25_000 });
    for (const pauseMs of [120, 480, 15, 900]) {
      await untilReady();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const restarts = await restartCount('controller');
      await signalService('controller', 'KILL');
      await eventually(async () => expect(await restartCount('controller')).toBeGreaterThan(restarts), 40_000);
    }
    await untilReady(60_000);
    const outcomes = await load.stop();
    expect(unexpected(outcomes, ALLOWED)).toEqual({});
    for (const [index, name] of names.entries()) expect((await invoke(name)).text).toBe(String(index + 1));
    await expectNoOrphans(instance);
  }, 240_000);

  it('loses no function, no key and no record that was written', async () => {
    const name = await deploy({ source: COUNTS, memoryMb: 200 });
    const { headers } = await invoke(name);
    const id = headers.get('x-easyfaas-request-id');
    const configuration = (await call(`/v1/functions/${name}/configuration`)).json<FunctionConfiguration>();
    await eventually(async () => expect((await call(`/v1/invocations/${id}`)).status).toBe(200), 20_000);
    const restarts = await restartCount('controller');
    await signalService('controller', 'KILL');
    await eventually(async () => expect(await restartCount('controller')).toBeGreaterThan(restarts), 40_000);
    await untilReady();
    expect((await call(`/v1/functions/${name}/configuration`)).json()).toEqual(configuration);
    expect((await call(`/v1/invocations/${id}`)).json<InvocationRecord>()).toMatchObject({ requestId: id, functionName: name });
    expect((await invoke(name)).status).toBe(200);
  }, 120_000);
});

describe('SIGTERM of the controller', () => {
  it('under load lets every call that it took finish, ends with status 0 and comes back', async () => {
    const name = await deploy({ source: SLEEPS, concurrency: 10, timeoutSeconds: 20 });
    await invoke(name, { ms: 0 });
    const container = await serviceContainer('controller');
    const since = String(Math.floor(Date.now() / 1000) - 1);
    const restarts = await restartCount('controller');

    const accepted = Array.from({ length: 10 }, () => observe(name, { ms: 6000 }, 40_000));
    await eventually(async () => {
      const view = (await poolContainers()).find((each) => each.assignment?.functionName === name);
      expect(view?.inFlight).toBe(10);
    }, 5500);
    await signalService('controller', 'TERM');
    const late = await observe(name, { ms: 0 }, 20_000);

    expect(tally(await Promise.all(accepted))).toEqual({ ok: 10 });
    expect(['ok', 'no connection', 'SHUTTING_DOWN']).toContain(late.kind);
    await eventually(async () => expect(await restartCount('controller')).toBeGreaterThan(restarts), 40_000);
    const until = String(Math.ceil(Date.now() / 1000) + 1);
    const exitCodes = await docker(
      'events',
      '--since',
      since,
      '--until',
      until,
      '--filter',
      `container=${container}`,
      '--filter',
      'event=die',
      '--format',
      '{{.Actor.Attributes.exitCode}}',
    );
    expect(exitCodes.split('\n')).toEqual(['0']);
    await untilReady();
    expect((await invoke(name, { ms: 0 })).text).toBe('"slept"');
    await expectNoOrphans(instance);
  }, 150_000);
});

describe('kill -9 of every service at once', () => {
  it('is survived with functions, key and data directory in order', async () => {
    const name = await deploy({ source: COUNTS });
    await invoke(name);
    const restarts = await restartCount('controller');
    await Promise.all([signalService('controller', 'KILL'), signalService('funclet', 'KILL'), signalService('redis', 'KILL')]);
    await eventually(async () => expect(await restartCount('controller')).toBeGreaterThan(restarts), 60_000);
    await untilReady(60_000);
    const answer = await invoke(name);
    expect(answer.status).toBe(200);
    await expectNoOrphans(instance, 30_000);
  }, 180_000);
});

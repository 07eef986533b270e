import { eventually } from '../support/eventually';
import { Load, observe, tally, unexpected } from '../support/load';
import { expectNoOrphans, instanceId } from '../support/orphans';
import { restartCount, signalService, untilReady } from '../support/services';
import { deploy, invoke, poolContainers, removeDeployments } from '../support/stack';

const WORKS = `let calls = 0;\nexports.handler = async () => { await new Promise((resolve) => setTimeout(resolve, 20)); return ++calls; };`;

let instance: string;

beforeAll(async () => {
  await untilReady();
  instance = await instanceId();
});

afterEach(async () => {
  await untilReady(60_000);
});

afterAll(async () => {
  await removeDeployments();
  await expectNoOrphans(instance, 30_000);
});

async function killAndAwaitRestart(): Promise<void> {
  const restarts = await restartCount('funclet');
  await signalService('funclet', 'KILL');
  await eventually(async () => expect(await restartCount('funclet')).toBeGreaterThan(restarts), 40_000);
}

describe('kill -9 of the funclet', () => {
  it('fails not one warm call, and the funclet that comes back adopts the containers as they are', async () => {
    const name = await deploy({ source: WORKS, concurrency: 4, timeoutSeconds: 10 });
    const containerId = (await invoke(name)).headers.get('x-easyfaas-container');
    const load = new Load({ names: [name], clients: 4, hangMs: 20_000 });
    await eventually(() => expect(load.outcomes.length).toBeGreaterThan(20), 20_000);

    await killAndAwaitRestart();
    await untilReady();
    const seen = load.outcomes.length;
    await eventually(() => expect(load.outcomes.length).toBeGreaterThan(seen + 50), 20_000);

    const outcomes = await load.stop();
    expect(tally(outcomes)).toEqual({ ok: outcomes.length });
    expect(new Set(outcomes.map((each) => `${each.start} ${each.containerId}`))).toEqual(new Set([`warm ${containerId}`]));
    const view = (await poolContainers()).find((each) => each.containerId === containerId);
    expect(view).toMatchObject({ state: 'warm', assignment: { functionName: name } });
    await expectNoOrphans(instance);
  }, 120_000);

  it('in the middle of cold starts leaves no container half made, and cold starts work again', async () => {
    const names = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map((index) => deploy({ source: `exports.handler = async () => ${index};`, timeoutSeconds: 10 })),
    );
    for (const pauseMs of [10, 90, 250]) {
      const calls = names.map((name) => observe(name, {}, 60_000));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await killAndAwaitRestart();
      const allowed = [
        'ok',
        'FUNCLET_UNAVAILABLE',
        'RUNTIME_UNAVAILABLE',
        'RUNTIME_LOST',
        'ENGINE_UNAVAILABLE',
        'DEADLINE_EXCEEDED',
        'THROTTLED',
      ];
      expect(unexpected(await Promise.all(calls), allowed)).toEqual({});
      await untilReady();
    }
    for (const [index, name] of names.entries()) {
      await eventually(async () => {
        const answer = await invoke(name);
        expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: String(index + 1) });
      }, 20_000);
    }
    await expectNoOrphans(instance);
  }, 240_000);
});

describe('a funclet that does not answer', () => {
  afterEach(async () => {
    await signalService('funclet', 'CONT');
  });

  it('leaves warm calls alone, and a cold call is told in time', async () => {
    const warm = await deploy({ source: WORKS });
    const cold = await deploy({ source: WORKS, timeoutSeconds: 3 });
    await invoke(warm);
    await signalService('funclet', 'STOP');
    const startedAt = performance.now();
    const refused = observe(cold, {}, 60_000);
    for (let index = 0; index < 20; index++) expect((await observe(warm, {}, 5_000)).kind).toBe('ok');
    expect(['FUNCLET_UNAVAILABLE', 'RUNTIME_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'THROTTLED']).toContain((await refused).kind);
    expect(performance.now() - startedAt).toBeLessThan(40_000);

    await signalService('funclet', 'CONT');
    await eventually(async () => expect((await observe(cold, {}, 20_000)).kind).toBe('ok'), 40_000);
    await expectNoOrphans(instance, 30_000);
  }, 150_000);
});

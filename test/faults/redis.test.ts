import { eventually } from '../support/eventually';
import { Load, tally } from '../support/load';
import { expectError } from '../support/platform-error';
import { controllerStartSeconds, serviceContainer, signalService, restartCount, untilReady } from '../support/services';
import { call, callJson, deploy, docker, invoke, removeDeployments } from '../support/stack';

const WORKS = `exports.handler = async () => { await new Promise((resolve) => setTimeout(resolve, 10)); return 'works'; };`;
/** Two to three seconds are promised; the rest is room for a busy machine. */
const ANSWER_MS = 6_000;

beforeAll(() => untilReady());

afterEach(async () => {
  await docker('start', await serviceContainer('redis'));
  await untilReady(60_000);
});

afterAll(removeDeployments);

describe('while the store is stopped', () => {
  it('warm calls go on, the API says so in time, and everything comes back by itself', async () => {
    const name = await deploy({ source: WORKS, concurrency: 4 });
    await invoke(name);
    const controllerStart = await controllerStartSeconds();
    const load = new Load({ names: [name], clients: 4, hangMs: 20_000 });

    await docker('stop', '--time', '5', await serviceContainer('redis'));
    await eventually(async () => {
      const ready = await call('/readyz', { key: null, timeoutMs: ANSWER_MS });
      expect(ready.status).toBe(503);
      expect(ready.text).toMatch(/redis/i);
    }, 10_000);
    expect((await call('/healthz', { key: null })).status).toBe(200);

    for (const [method, path, body] of [
      ['GET', '/v1/functions', undefined],
      ['POST', '/v1/functions/never-made?Runtime=nodejs20&Handler=index.handler', WORKS],
      ['PUT', `/v1/functions/${name}/configuration`, '{"Timeout":5}'],
      ['DELETE', `/v1/functions/${name}`, undefined],
      ['POST', '/v1/functions/never-seen/invocations', '{}'],
    ] as const) {
      const type = path.includes('Runtime=') ? 'text/javascript' : 'application/json';
      const startedAt = performance.now();
      const answer = await call(path, {
        method,
        headers: { 'Content-Type': type },
        ...(body === undefined ? {} : { body }),
        timeoutMs: 20_000,
      });
      const tookMs = performance.now() - startedAt;
      expectError(answer, 'STORE_UNAVAILABLE');
      expect(tookMs).toBeLessThan(ANSWER_MS);
    }
    const seen = load.outcomes.length;
    await eventually(() => expect(load.outcomes.length).toBeGreaterThan(seen + 100), 20_000);

    await docker('start', await serviceContainer('redis'));
    await untilReady();
    const outcomes = await load.stop();
    expect(tally(outcomes)).toEqual({ ok: outcomes.length });

    expect((await call('/v1/functions')).status).toBe(200);
    expect((await callJson('PUT', `/v1/functions/${name}/configuration`, { Description: 'after' })).status).toBe(200);
    expectError(await call('/v1/functions/never-made'), 'FUNCTION_NOT_FOUND');
    const { headers } = await invoke(name);
    await eventually(async () => expect((await call(`/v1/invocations/${headers.get('x-easyfaas-request-id')}`)).status).toBe(200), 20_000);
    expect(await controllerStartSeconds()).toBe(controllerStart);
  }, 150_000);

  it('a function that was cold can still be warmed if it is known', async () => {
    const name = await deploy({ source: WORKS });
    await invoke(name);
    const id = (await invoke(name)).headers.get('x-easyfaas-container');
    expect((await call(`/v1/pool/${id}/drain`, { method: 'POST' })).status).toBeLessThan(300);
    await docker('stop', '--time', '5', await serviceContainer('redis'));
    const answer = await invoke(name);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '"works"' });
    expect(answer.headers.get('x-easyfaas-start')).toBe('cold');
  }, 90_000);
});

describe('kill -9 of the store', () => {
  it('loses nothing that was answered for', async () => {
    const names = await Promise.all([1, 2, 3].map(() => deploy({ source: WORKS })));
    const restarts = await restartCount('redis');
    await signalService('redis', 'KILL');
    await eventually(async () => expect(await restartCount('redis')).toBeGreaterThan(restarts), 40_000);
    await untilReady(60_000);
    for (const name of names) {
      expect((await call(`/v1/functions/${name}`)).status).toBe(200);
      expect((await invoke(name)).text).toBe('"works"');
    }
  }, 120_000);
});

import type { FunctionConfiguration } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { type Answer, call, callJson, deploy, invoke, removeDeployments } from '../support/stack';

afterAll(removeDeployments);

const saying = (text: string): string => `
  exports.handler = async (event, context) => ({
    text: '${text}',
    version: [process.env.AWS_LAMBDA_FUNCTION_VERSION, context.functionVersion],
  });`;
const update = (name: string, source: string): Promise<Answer> =>
  call(`/v1/functions/${name}/code?Publish=true`, { method: 'PUT', headers: { 'Content-Type': 'text/javascript' }, body: source });
const invokeAt = (name: string, qualifier: string): Promise<Answer> =>
  call(`/v1/functions/${name}/invocations?Qualifier=${qualifier}`, { method: 'POST', body: '{}' });
const executed = (answer: Answer): string | null => answer.headers.get('x-easyfaas-executed-version');

/** A function with `one` as version 1, `two` as version 2, and `$LATEST` after them. */
async function deployed(): Promise<string> {
  const name = await deploy({ source: saying('zero') });
  expect((await update(name, saying('one'))).json<FunctionConfiguration>().Version).toBe('1');
  expect((await update(name, saying('two'))).json<FunctionConfiguration>().Version).toBe('2');
  await call(`/v1/functions/${name}/code`, { method: 'PUT', headers: { 'Content-Type': 'text/javascript' }, body: saying('latest') });
  return name;
}

describe('published versions', () => {
  it('go on as they were while the function changes, and know who they are', async () => {
    const name = await deployed();
    for (const [qualifier, text] of [
      ['1', 'one'],
      ['2', 'two'],
      ['$LATEST', 'latest'],
      ['1', 'one'],
    ] as const) {
      const answer = await invokeAt(name, qualifier);
      expect(answer.json()).toEqual({ text, version: [qualifier, qualifier] });
      expect(executed(answer)).toBe(qualifier);
      const requestId = answer.headers.get('x-easyfaas-request-id') ?? '';
      await eventually(async () => {
        const record = await call(`/v1/invocations/${requestId}`);
        expect(record.json<{ version: string }>().version).toBe(qualifier);
      }, 20_000);
    }
    expect((await invoke(`${name}:2`)).json<{ text: string }>().text).toBe('two');
    expect((await invokeAt(name, '3')).status).toBe(404);
  });

  it('share no container, also when their commit is the same', async () => {
    const name = await deploy({ source: saying('same') });
    await callJson('POST', `/v1/functions/${name}/versions`, {});
    expect((await invoke(name)).json()).toEqual({ text: 'same', version: ['$LATEST', '$LATEST'] });
    expect((await invokeAt(name, '1')).json()).toEqual({ text: 'same', version: ['1', '1'] });
  });
});

describe('an alias', () => {
  it('is a canary, a roll-out and a roll-back, each from the very next call', async () => {
    const name = await deployed();
    const alias = (body: object): Promise<Answer> => callJson('PUT', `/v1/functions/${name}/aliases/live`, body);
    await callJson('POST', `/v1/functions/${name}/aliases`, { Name: 'live', FunctionVersion: '1' });
    expect(executed(await invokeAt(name, 'live'))).toBe('1');

    await alias({ RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } });
    const seen = new Map<string, number>();
    for (let index = 0; index < 200; index += 1) {
      const version = executed(await invokeAt(name, 'live')) ?? '';
      seen.set(version, (seen.get(version) ?? 0) + 1);
    }
    // With a fair coin the chance to leave these bounds is below one in 10^9.
    for (const version of ['1', '2']) expect(seen.get(version)).toBeGreaterThan(50);
    expect(seen.size).toBe(2);

    await alias({ FunctionVersion: '2', RoutingConfig: {} });
    expect((await invokeAt(name, 'live')).json<{ text: string }>().text).toBe('two');
    await alias({ FunctionVersion: '1' });
    expect((await invokeAt(name, 'live')).json<{ text: string }>().text).toBe('one');
  });
});

describe('deleting', () => {
  it('lets the calls that run come to their end, of a function and of one version', async () => {
    const slow = `exports.handler = async () => { await new Promise((done) => setTimeout(done, 3000)); return 'finished'; };`;
    const name = await deploy({ source: slow, timeoutSeconds: 20, concurrency: 2 });
    await callJson('POST', `/v1/functions/${name}/versions`, {});
    const running = [invoke(name), invokeAt(name, '1')];
    await eventually(async () => {
      const containers = (await call('/v1/pool')).json<{ containers: { inFlight?: number; assignment?: { functionName: string } }[] }>()
        .containers;
      expect(containers.filter(({ assignment, inFlight }) => assignment?.functionName === name && inFlight === 1)).toHaveLength(2);
    }, 20_000);
    expect((await call(`/v1/functions/${name}?Qualifier=1`, { method: 'DELETE' })).status).toBe(204);
    expect((await call(`/v1/functions/${name}`, { method: 'DELETE' })).status).toBe(204);
    expect((await Promise.all(running)).map(({ text }) => text)).toEqual(['"finished"', '"finished"']);
    expect((await invoke(name)).status).toBe(404);
  });
});

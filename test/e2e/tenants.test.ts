import type { FunctionConfiguration } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { expectError } from '../support/platform-error';
import { call, callJson, deploy, docker, invoke, makeKey, poolContainers, removeDeployments } from '../support/stack';

const OTHER = 'e2e-other';
let otherKey: string;

beforeAll(async () => {
  otherKey = await makeKey(OTHER);
});

afterAll(removeDeployments);

describe('functions of two accounts', () => {
  it('never meet in one container, even with one name and one code', async () => {
    const source = `const id = Math.random();\nexports.handler = async () => id;`;
    const mine = await deploy({ source });
    // The same name in the other account is another function.
    const made = await call(`/v1/functions/${mine}?Runtime=nodejs20&Handler=index.handler`, {
      method: 'POST',
      key: otherKey,
      headers: { 'Content-Type': 'text/javascript' },
      body: source,
    });
    expect(made.status).toBe(201);
    expect(made.json<FunctionConfiguration>().Uid).toBe(OTHER);

    const seen: Record<string, Set<string | null>> = { mine: new Set(), theirs: new Set() };
    for (let round = 0; round < 5; round++) {
      const [ours, others] = await Promise.all([invoke(mine), invoke(mine, {}, { key: otherKey })]);
      expect([ours.status, others.status]).toEqual([200, 200]);
      seen['mine']?.add(ours.headers.get('x-easyfaas-container'));
      seen['theirs']?.add(others.headers.get('x-easyfaas-container'));
      expect(ours.text).not.toBe(others.text);
    }
    expect([...(seen['mine'] ?? [])].filter((id) => seen['theirs']?.has(id))).toEqual([]);

    expect((await call(`/v1/functions/${mine}`, { method: 'DELETE', key: otherKey })).status).toBe(204);
    // Deleting theirs has not touched mine.
    expect((await invoke(mine)).status).toBe(200);
    expectError(await invoke(mine, {}, { key: otherKey }), 'FUNCTION_NOT_FOUND');
  });

  it('do not see what the other left in memory, on disk or in the environment', async () => {
    const leak = await deploy({
      source: `
const fs = require('node:fs');
exports.handler = async () => {
  globalThis.leaked = true;
  process.env.LEAKED = 'yes';
  for (const folder of ['/tmp', '/dev/shm']) fs.writeFileSync(folder + '/leaked', 'yes');
  require('node:child_process').spawn('/bin/sleep', ['600'], { detached: true, stdio: 'ignore' }).unref();
  return 'leaked';
};`,
    });
    expect((await invoke(leak)).text).toBe('"leaked"');
    const looks = `
const fs = require('node:fs');
exports.handler = async () => ({
  memory: globalThis.leaked === true,
  environment: process.env.LEAKED ?? null,
  files: [...fs.readdirSync('/tmp'), ...fs.readdirSync('/dev/shm')].filter((name) => name.includes('leaked')),
  processes: fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).map((pid) => fs.readFileSync('/proc/' + pid + '/comm', 'utf8').trim()).filter((name) => name === 'sleep'),
});`;
    const clean = { memory: false, environment: null, files: [], processes: [] };
    for (const key of [undefined, otherKey]) {
      const look = await deploy({ source: looks, ...(key === undefined ? {} : { key }) });
      expect((await invoke(look, {}, key === undefined ? {} : { key })).json()).toEqual(clean);
    }
  });

  it('are labelled with their own account', async () => {
    const name = await deploy({ source: 'exports.handler = async () => 1;', key: otherKey });
    const answer = await invoke(name, {}, { key: otherKey });
    const view = (await poolContainers()).find(({ containerId }) => containerId === answer.headers.get('x-easyfaas-container'));
    expect(view?.assignment).toMatchObject({ accountId: OTHER, functionName: name });
    expect(await docker('inspect', '--format', '{{.State.Running}}', view?.dockerId ?? '')).toBe('true');
  });
});

describe("another account's function", () => {
  it.each([
    ['GET', ''],
    ['GET', '/configuration'],
    ['GET', '/concurrency'],
    ['DELETE', ''],
    ['POST', '/invocations'],
    ['PUT', '/configuration'],
    ['PUT', '/code'],
  ])('answers %s %s as if it did not exist', async (method, suffix) => {
    const mine = await deploy({ source: 'exports.handler = async () => 1;' });
    const ask = (name: string): ReturnType<typeof call> =>
      method === 'PUT'
        ? callJson(method, `/v1/functions/${name}${suffix}`, suffix === '/code' ? { ZipFile: 'UEs=' } : { Timeout: 5 }, { key: otherKey })
        : call(`/v1/functions/${name}${suffix}`, { method, key: otherKey });
    const missing = 'x'.repeat(mine.length);
    const [foreign, nothing] = [await ask(mine), await ask(missing)];
    expect(foreign.status).toBe(nothing.status);
    const words = (text: string): string =>
      text
        .replaceAll(mine, 'NAME')
        .replaceAll(missing, 'NAME')
        .replace(/[0-9a-f-]{36}/g, 'ID');
    expect(words(foreign.text)).toBe(words(nothing.text));
    if (suffix !== '/code') expectError(foreign, 'FUNCTION_NOT_FOUND');
    expect((await invoke(mine)).status).toBe(200);
  });

  it('cannot be reached by its BRN, nor by naming the account in a header', async () => {
    const mine = await deploy({ source: 'exports.handler = async () => 1;' });
    const { FunctionArn } = (await call(`/v1/functions/${mine}/configuration`)).json<FunctionConfiguration>();
    expectError(await invoke(FunctionArn, {}, { key: otherKey }), 'FUNCTION_NOT_FOUND');
    expectError(await invoke(`default:${mine}`, {}, { key: otherKey }), 'FUNCTION_NOT_FOUND');
    for (const header of ['X-Easyfaas-Account-Id', 'X-Bce-Account-Id', 'X-Account-Id']) {
      expectError(await invoke(mine, {}, { key: otherKey, headers: { [header]: 'default' } }), 'FUNCTION_NOT_FOUND');
    }
  });

  it('is in no list, and its calls are in no record', async () => {
    const mine = await deploy({ source: 'exports.handler = async () => 1;' });
    const id = (await invoke(mine)).headers.get('x-easyfaas-request-id');
    await eventually(async () => expect((await call(`/v1/invocations/${id}`)).status).toBe(200), 20_000);
    expectError(await call(`/v1/invocations/${id}`, { key: otherKey }), 'RECORD_NOT_FOUND');
    for (const path of ['/v1/functions?maxItems=100', '/v1/invocations', `/v1/invocations?function=${mine}`]) {
      const { status, text } = await call(path, { key: otherKey });
      expect(status).toBe(200);
      expect(text).not.toContain(mine);
    }
  });
});

describe('the flood of one account', () => {
  it('fails no call of another one', async () => {
    const source = `exports.handler = ({ ms }) => new Promise((done) => setTimeout(done, ms, ms));`;
    const flooded = await Promise.all([1, 2, 3].map(() => deploy({ source, timeoutSeconds: 20, key: otherKey })));
    const mine = await deploy({ source, timeoutSeconds: 20 });
    // Warm before: how soon a machine under full load makes containers is not promised.
    expect((await invoke(mine, { ms: 0 })).text).toBe('0');
    let isOver = false;
    const flood = flooded.flatMap((name) =>
      Array.from({ length: 10 }, async () => {
        const statuses = new Set<number>();
        while (!isOver) statuses.add((await invoke(name, { ms: 50 }, { key: otherKey })).status);
        return [...statuses];
      }),
    );
    const answers: string[] = [];
    for (let turn = 0; turn < 20; turn++) answers.push((await invoke(mine, { ms: 5 })).text);
    isOver = true;
    const others = new Set((await Promise.all(flood)).flat());
    expect(answers).toEqual(Array.from({ length: 20 }, () => '5'));
    expect([...others].filter((status) => ![200, 429].includes(status))).toEqual([]);
  });
});

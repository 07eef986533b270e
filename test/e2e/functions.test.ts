import type { FunctionConfiguration } from '@easyfaas/contracts/wire';
import { packageOf } from '../support/evil-zip';
import { eventually } from '../support/eventually';
import { expectError } from '../support/platform-error';
import { type Answer, call, callJson, deploy, invoke, makeKey, newName, poolContainers, removeDeployments } from '../support/stack';

afterAll(removeDeployments);

const saying = (text: string): string => `exports.handler = async () => '${text}';`;
const zipSaying = (text: string): string => packageOf({ 'index.js': saying(text) }).toString('base64');
const configurationOf = async (name: string): Promise<FunctionConfiguration> =>
  (await call(`/v1/functions/${name}/configuration`)).json<FunctionConfiguration>();
const configure = (name: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  callJson('PUT', `/v1/functions/${name}/configuration`, body, { headers });
const updateCode = (name: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  callJson('PUT', `/v1/functions/${name}/code`, body, { headers });

describe('a function is made', () => {
  it('from a JSON body with a base64 zip, with every field as it was given', async () => {
    const name = newName();
    const fields = {
      Runtime: 'nodejs20',
      Handler: 'index.handler',
      Description: 'says hello',
      Timeout: 11,
      MemorySize: 200,
      Environment: { Variables: { GREETING: 'hello' } },
      PodConcurrentQuota: 4,
      Tags: { team: 'a' },
    };
    const answer = await callJson('POST', `/v1/functions/${name}`, { ...fields, Code: { ZipFile: zipSaying('hello') } });
    expect(answer.status).toBe(201);
    const made = answer.json<FunctionConfiguration>();
    // Values of the environment can be written and not read.
    const shown = { ...fields, Environment: { Variables: { GREETING: '********' } } };
    expect(made).toMatchObject({ ...shown, FunctionName: name, Version: '$LATEST', Uid: 'default', State: 'Active' });
    expect(made.CodeSize).toBe(Buffer.from(zipSaying('hello'), 'base64').length);
    expect(Buffer.from(made.CodeSha256, 'base64')).toHaveLength(32);
    expect(await configurationOf(name)).toEqual(made);
    const read = (await call(`/v1/functions/${name}`)).json<{ Configuration: FunctionConfiguration }>();
    expect(read.Configuration).toEqual(made);
    expect((await invoke(name)).text).toBe('"hello"');
  });

  it('from one source file, with the defaults for the rest', async () => {
    const name = await deploy({ source: saying('one file') });
    expect(await configurationOf(name)).toMatchObject({
      Timeout: 3,
      MemorySize: 128,
      PodConcurrentQuota: 1,
      Description: '',
      NetworkMode: 'none',
    });
    expect((await invoke(name)).text).toBe('"one file"');
  });

  it('from one file of TypeScript, and is told where it is wrong', async () => {
    const name = newName();
    const send = (method: 'POST' | 'PUT', path: string, body: string): Promise<Answer> =>
      call(`/v1/functions/${path}`, { method, headers: { 'Content-Type': 'text/typescript' }, body });
    const right = `enum Unit { Metre = 'm' }
      export const handler = async (event: { n: number }): Promise<string> => (event.n satisfies number) + Unit.Metre;`;
    expectError(await send('POST', name, right.replace('=>', '=')), 'INVALID_SOURCE', /^index\.ts, line 2, column \d+: /);
    expect((await send('POST', name, right)).json()).toMatchObject({ Runtime: 'nodejs20', State: 'Active' });
    expect((await invoke(name, { n: 3 })).text).toBe('"3m"');
    expect((await send('PUT', `${name}/code`, `import { a } from 'not-there';\n${right}\nconsole.log(a);`)).status).toBe(200);
    const failed = await invoke(name, { n: 3 });
    expect(failed.headers.get('x-easyfaas-function-error')).not.toBeNull();
    expect(failed.text).toContain("Cannot find module 'not-there'");
  });

  it('once: a second of the same name gets 409 and changes nothing', async () => {
    const name = await deploy({ source: saying('first') });
    const again = await call(`/v1/functions/${name}?Runtime=nodejs20&Handler=index.handler`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/javascript' },
      body: saying('second'),
    });
    expectError(again, 'CONFLICT', new RegExp(name));
    expect((await invoke(name)).text).toBe('"first"');
  });
});

describe('an update', () => {
  it('of the code is picked up by the very next call', async () => {
    const name = await deploy({ source: saying('old') });
    expect((await invoke(name)).text).toBe('"old"');
    const before = await configurationOf(name);
    for (const text of ['new', 'newer', 'newest']) {
      expect((await updateCode(name, { ZipFile: zipSaying(text) })).status).toBe(200);
      expect((await invoke(name)).text).toBe(`"${text}"`);
    }
    const after = await configurationOf(name);
    expect(after.CommitId).not.toBe(before.CommitId);
    expect(after.RevisionId).not.toBe(before.RevisionId);
    expect(after.CodeSha256).not.toBe(before.CodeSha256);
  });

  it('of the code can be a source file or a zip as it is', async () => {
    const name = await deploy({ source: saying('old') });
    const put = (type: string, body: Buffer | string): Promise<Answer> =>
      call(`/v1/functions/${name}/code`, { method: 'PUT', headers: { 'Content-Type': type }, body });
    expect((await put('text/javascript', saying('source'))).status).toBe(200);
    expect((await invoke(name)).text).toBe('"source"');
    expect((await put('application/zip', packageOf({ 'index.js': saying('zip') }))).status).toBe(200);
    expect((await invoke(name)).text).toBe('"zip"');
  });

  it('back to the old code runs the old code', async () => {
    const name = await deploy({ source: saying('x') });
    for (const text of ['one', 'two', 'one', 'two']) {
      await updateCode(name, { ZipFile: zipSaying(text) });
      expect((await invoke(name)).text).toBe(`"${text}"`);
    }
  });

  it('of the environment and of the handler is picked up by the very next call', async () => {
    const name = await deploy({
      source: `exports.handler = async () => process.env.WORD ?? 'none';\nexports.other = async () => 'other';`,
    });
    expect((await invoke(name)).text).toBe('"none"');
    for (const word of ['first', 'second']) {
      expect((await configure(name, { Environment: { Variables: { WORD: word } } })).status).toBe(200);
      expect((await invoke(name)).text).toBe(`"${word}"`);
    }
    expect((await configure(name, { Handler: 'index.other' })).status).toBe(200);
    expect((await invoke(name)).text).toBe('"other"');
  });

  it('of the timeout is picked up by the very next call', async () => {
    const name = await deploy({
      source: `exports.handler = () => new Promise((resolve) => setTimeout(resolve, 1500, 'slept'));`,
      timeoutSeconds: 1,
    });
    expect((await invoke(name)).json()).toMatchObject({ errorType: 'Sandbox.Timedout' });
    expect((await configure(name, { Timeout: 10 })).status).toBe(200);
    expect((await invoke(name)).text).toBe('"slept"');
  });

  it('leaves the fields that it does not name', async () => {
    const name = await deploy({ source: saying('x'), timeoutSeconds: 9, memoryMb: 200 });
    await configure(name, { Description: 'new' });
    expect(await configurationOf(name)).toMatchObject({ Description: 'new', Timeout: 9, MemorySize: 200, Handler: 'index.handler' });
  });

  it('lets a call that runs finish with the old code', async () => {
    const name = await deploy({
      source: `exports.handler = () => new Promise((resolve) => setTimeout(resolve, 1000, 'old'));`,
      timeoutSeconds: 10,
    });
    await invoke(name);
    const running = invoke(name);
    await updateCode(name, { ZipFile: zipSaying('new') });
    expect((await invoke(name)).text).toBe('"new"');
    expect((await running).text).toBe('"old"');
  });

  it('takes the containers of the old version away', async () => {
    const name = await deploy({ source: saying('old') });
    const old = (await invoke(name)).headers.get('x-easyfaas-container');
    await updateCode(name, { ZipFile: zipSaying('new') });
    expect((await invoke(name)).headers.get('x-easyfaas-container')).not.toBe(old);
    await eventually(async () => expect((await poolContainers()).map(({ containerId }) => containerId)).not.toContain(old), 30_000);
  });

  it.each<[string, (revision: string) => { body: object; headers: Record<string, string> }]>([
    ['RevisionId in the body', (revision) => ({ body: { RevisionId: revision }, headers: {} })],
    ['If-Match', (revision) => ({ body: {}, headers: { 'If-Match': revision } })],
    ['a quoted If-Match', (revision) => ({ body: {}, headers: { 'If-Match': `"${revision}"` } })],
  ])('with a stale %s gets 412 and changes nothing; with the right one it works', async (_title, condition) => {
    const name = await deploy({ source: saying('kept') });
    const stale = (await configurationOf(name)).RevisionId;
    expect((await configure(name, { Description: 'moved on' })).status).toBe(200);
    const { RevisionId: current } = await configurationOf(name);
    expect(current).not.toBe(stale);

    const { body, headers } = condition(stale);
    expectError(await configure(name, { ...body, Description: 'stale' }, headers), 'PRECONDITION_FAILED');
    expectError(await updateCode(name, { ...body, ZipFile: zipSaying('stale') }, headers), 'PRECONDITION_FAILED');
    expect(await configurationOf(name)).toMatchObject({ Description: 'moved on', RevisionId: current });
    expect((await invoke(name)).text).toBe('"kept"');

    const right = condition(current);
    expect((await updateCode(name, { ...right.body, ZipFile: zipSaying('right') }, right.headers)).status).toBe(200);
    expect((await invoke(name)).text).toBe('"right"');
  });

  it('of the same revision by many at once succeeds for one of them', async () => {
    const name = await deploy({ source: saying('x') });
    const { RevisionId } = await configurationOf(name);
    const answers = await Promise.all([1, 2, 3, 4, 5].map((index) => configure(name, { Description: `by ${index}`, RevisionId })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
    const winner = answers.findIndex(({ status }) => status === 200) + 1;
    expect((await configurationOf(name)).Description).toBe(`by ${winner}`);
  });
});

describe('a deleted function', () => {
  it('is not there any more, for nobody, and its containers go', async () => {
    const name = await deploy({ source: saying('x') });
    const containerId = (await invoke(name)).headers.get('x-easyfaas-container');
    const deleted = await call(`/v1/functions/${name}`, { method: 'DELETE' });
    expect({ status: deleted.status, bytes: deleted.bytes.length }).toEqual({ status: 204, bytes: 0 });
    expectError(await invoke(name), 'FUNCTION_NOT_FOUND', new RegExp(name));
    expectError(await call(`/v1/functions/${name}`), 'FUNCTION_NOT_FOUND');
    expectError(await call(`/v1/functions/${name}`, { method: 'DELETE' }), 'FUNCTION_NOT_FOUND');
    await eventually(async () => expect((await poolContainers()).map((each) => each.containerId)).not.toContain(containerId), 30_000);
  });

  it('lets a call that runs finish', async () => {
    const name = await deploy({
      source: `exports.handler = () => new Promise((resolve) => setTimeout(resolve, 1000, 'finished'));`,
      timeoutSeconds: 10,
    });
    await invoke(name);
    const running = invoke(name);
    // The call has to be there before the function goes.
    await eventually(async () => {
      const busy = (await poolContainers()).find((each) => each.assignment?.functionName === name);
      expect(busy).toMatchObject({ inFlight: 1 });
    }, 900);
    expect((await call(`/v1/functions/${name}`, { method: 'DELETE' })).status).toBe(204);
    expect((await running).text).toBe('"finished"');
  });

  it('can be made anew under its name, with nothing of the old one', async () => {
    const name = await deploy({ source: `let calls = 0;\nexports.handler = async () => ++calls;` });
    await invoke(name);
    await call(`/v1/functions/${name}`, { method: 'DELETE' });
    const made = await call(`/v1/functions/${name}?Runtime=nodejs20&Handler=index.handler`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/javascript' },
      body: `let calls = 0;\nexports.handler = async () => ++calls;`,
    });
    expect(made.status).toBe(201);
    expect((await invoke(name)).text).toBe('1');
  });
});

describe('the list of functions', () => {
  it('comes in pages that hold each function once', async () => {
    const key = await makeKey('e2e-pages');
    const names: string[] = [];
    for (let index = 0; index < 7; index++) names.push(await deploy({ source: saying('x'), key }));
    const seen: string[] = [];
    let marker: string | undefined;
    let pages = 0;
    do {
      const query = new URLSearchParams({ maxItems: '3', ...(marker === undefined ? {} : { marker }) });
      const page = (await call(`/v1/functions?${query.toString()}`, { key })).json<{
        Functions: FunctionConfiguration[];
        NextMarker?: string;
      }>();
      expect(page.Functions.length).toBeLessThanOrEqual(3);
      seen.push(...page.Functions.map(({ FunctionName }) => FunctionName));
      marker = page.NextMarker;
      pages++;
    } while (marker !== undefined && pages < 10);
    expect(seen).toEqual([...names].sort());
    expect(pages).toBe(3);
  });
});

describe('reserved concurrency', () => {
  it('is a ceiling: the call over it gets 429 with a reason and a time', async () => {
    const name = await deploy({
      source: `exports.handler = (event) => new Promise((resolve) => setTimeout(resolve, event.ms, 'slept'));`,
      timeoutSeconds: 10,
    });
    expect((await callJson('PUT', `/v1/functions/${name}/concurrency`, { ReservedConcurrentExecutions: 1 })).status).toBe(200);
    expect((await call(`/v1/functions/${name}/concurrency`)).json()).toMatchObject({ ReservedConcurrentExecutions: 1 });
    await invoke(name, { ms: 0 });
    const running = invoke(name, { ms: 2000 });
    const refused = await eventually(async () => {
      const answer = await invoke(name, { ms: 0 });
      expect(answer.status).toBe(429);
      return answer;
    }, 1500);
    expectError(refused, 'THROTTLED');
    expect(refused.headers.get('reason')).toMatch(/\w/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await running).text).toBe('"slept"');
    expect((await call(`/v1/functions/${name}/concurrency`, { method: 'DELETE' })).status).toBe(204);
    const both = await Promise.all([invoke(name, { ms: 500 }), invoke(name, { ms: 500 })]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('of 0 switches a function off', async () => {
    const name = await deploy({ source: saying('x') });
    await callJson('PUT', `/v1/functions/${name}/concurrency`, { ReservedConcurrentExecutions: 0 });
    expectError(await invoke(name), 'THROTTLED');
  });
});

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { zipSingleFile } from '@easyfaas/code-package';
import type { FunctionConfiguration } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { MASKED_VALUE } from '../src/functions/environment-rules';
import { LATEST } from '../src/functions/function-name';
import { startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, codeOf, jsonBody, messageOf, type Answer, type Client } from './http-client';
import { rawExchange } from './raw-exchange';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

describeWithRedis('functions over the API', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;
  let zip: Buffer;
  let sequence = 0;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
    zip = await zipSingleFile('index.js', 'exports.handler = async () => 1;');
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  const newName = (): string => `f-${++sequence}`;
  const createBody = (more: object = {}): object => ({
    Runtime: 'nodejs20',
    Handler: 'index.handler',
    Code: { ZipFile: zip.toString('base64') },
    ...more,
  });
  const create = (name: string, more: object = {}): Promise<Answer> =>
    call(`/v1/functions/${name}`, { method: 'POST', ...jsonBody(createBody(more)) });
  const configure = (name: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
    const json = jsonBody(body);
    return call(`/v1/functions/${name}/configuration`, { method: 'PUT', body: json.body, headers: { ...json.headers, ...headers } });
  };
  const upload = (name: string, type: string, body: string | Buffer, query = ''): Promise<Answer> =>
    call(`/v1/functions/${name}${query}`, { method: 'POST', headers: { 'Content-Type': type }, body });
  const made = async (more: object = {}): Promise<string> => {
    const name = newName();
    expect((await create(name, more)).status).toBe(201);
    return name;
  };
  const read = async (name: string): Promise<FunctionConfiguration> =>
    (await call(`/v1/functions/${name}/configuration`)).json<FunctionConfiguration>();
  const packageFiles = (): string[] => readdirSync(join(api.dataDir, 'packages')).sort();

  it('keeps tags of a function, shows them with it and its versions, and lists by them', async () => {
    const name = await made({ Tags: { team: 'a' } });
    const tags = (path = '', init: Parameters<Client>[1] = {}): Promise<Answer> => call(`/v1/functions/${name}/tags${path}`, init);
    await call(`/v1/functions/${name}/versions`, { method: 'POST' });
    expect((await tags('', { method: 'POST', ...jsonBody({ Tags: { 'cost/centre': `c-${name}`, team: 'b' } }) })).json()).toEqual({
      Tags: { team: 'b', 'cost/centre': `c-${name}` },
    });
    const version = (await call(`/v1/functions/${name}?Qualifier=1`)).json<{ Configuration: FunctionConfiguration }>();
    expect(version.Configuration.Tags).toEqual({ team: 'b', 'cost/centre': `c-${name}` });
    const listed = await call(`/v1/functions?tag=${encodeURIComponent(`cost/centre=c-${name}`)}`);
    expect(listed.json<{ Functions: FunctionConfiguration[] }>().Functions.map(({ FunctionName }) => FunctionName)).toEqual([name]);
    expect((await tags('?keys=cost%2Fcentre,none', { method: 'DELETE' })).status).toBe(204);
    const stale = await tags('', {
      method: 'PUT',
      body: '{"Tags":{}}',
      headers: { 'Content-Type': 'application/json', 'If-Match': '"x"' },
    });
    expect(codeOf(stale)).toBe('PRECONDITION_FAILED');
    expect((await tags()).json()).toEqual({ Tags: { team: 'b' } });
    expect(messageOf(await tags('', { method: 'PUT', ...jsonBody({ Tags: { 'aws:x': '' } }) }))).toContain('reserved');
    expect(codeOf(await call('/v1/functions/absent/tags'))).toBe('FUNCTION_NOT_FOUND');
  });

  describe('creation', () => {
    it('takes a base64 zip in JSON, stores it and has it prepared', async () => {
      const name = newName();
      const answer = await create(name, {
        Description: 'says 1',
        Timeout: 11,
        MemorySize: 200,
        Tags: { team: 'a' },
        ReservedConcurrentExecutions: 3,
      });
      expect(answer.status).toBe(201);
      const sha256 = createHash('sha256').update(zip).digest('hex');
      expect(answer.json()).toMatchObject({
        FunctionName: name,
        FunctionArn: `brn:cloud:faas:local:default:function:${name}`,
        Uid: 'default',
        Version: LATEST,
        Description: 'says 1',
        Timeout: 11,
        MemorySize: 200,
        PodConcurrentQuota: 1,
        NetworkMode: 'none',
        State: 'Active',
        CodeSize: zip.length,
        CodeSha256: Buffer.from(sha256, 'hex').toString('base64'),
      });
      expect(readFileSync(join(api.dataDir, 'packages', `${sha256}.zip`))).toEqual(zip);
      expect(api.prepared).toContain(sha256);
      const whole = (await call(`/v1/functions/${name}`)).json<{ Configuration: object; Concurrency: object }>();
      expect(whole.Configuration).toEqual(answer.json());
      expect(whole.Concurrency).toEqual({ ReservedConcurrentExecutions: 3 });
    });

    it('makes a function that says why it failed, cannot be called, and can be mended by a new upload', async () => {
      api.preparing.failure = new ServiceError('PACKAGE_TOO_LARGE', 'Package x is over the limit of this node.');
      const name = await made();
      api.preparing.failure = undefined;
      expect(await read(name)).toMatchObject({
        State: 'Failed',
        StateReason: 'Package x is over the limit of this node.',
        StateReasonCode: 'PACKAGE_TOO_LARGE',
      });
      expect(codeOf(await call(`/v1/functions/${name}/versions`, { method: 'POST' }))).toBe('NOT_READY');
      const mended = await call(`/v1/functions/${name}/code`, { method: 'PUT', headers: { 'Content-Type': 'application/zip' }, body: zip });
      expect(mended.json()).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
      expect(await read(name)).toEqual(mended.json());
    });

    it('takes the zip itself with the configuration in the query', async () => {
      const name = newName();
      const answer = await upload(
        name,
        'application/zip',
        zip,
        '?Runtime=nodejs20&Handler=index.handler&Timeout=9&MemorySize=256&PodConcurrentQuota=2&Description=a%20b',
      );
      expect(answer.status).toBe(201);
      expect(answer.json()).toMatchObject({ Timeout: 9, MemorySize: 256, PodConcurrentQuota: 2, Description: 'a b' });
    });

    it('takes one source file and finds the runtime by its type', async () => {
      const node = await upload(newName(), 'text/javascript; charset=utf-8', 'exports.handler = async () => 1;');
      expect(node.json()).toMatchObject({ Runtime: 'nodejs20', Handler: 'index.handler' });
      const python = await upload(newName(), 'text/x-python', 'def handler(event, context): return 1', '?Timeout=30');
      expect(python.json()).toMatchObject({ Runtime: 'python3', Handler: 'index.handler', Timeout: 30 });
    });

    it('takes one TypeScript file, the same package for the same source', async () => {
      const name = newName();
      const source = 'export const handler = async (event: { n: number }): Promise<number> => event.n;';
      const made = await upload(name, 'text/typescript', source);
      expect(made.json()).toMatchObject({ Runtime: 'nodejs20', Handler: 'index.handler' });
      const put = (body: string): Promise<Answer> =>
        call(`/v1/functions/${name}/code`, { method: 'PUT', headers: { 'Content-Type': 'text/typescript' }, body });
      const sha = (answer: Answer): string => answer.json<{ CodeSha256: string }>().CodeSha256;
      expect(sha(await put(source))).toBe(sha(made));
      const changed = await put('export const handler = async () => 2;');
      expect(changed.status).toBe(200);
      expect(sha(changed)).not.toBe(sha(made));
      // Refused, and what was there stays.
      const refused = await put('\nexport const handler = (x: ) => 1;');
      expect([codeOf(refused), messageOf(refused)]).toEqual(['INVALID_SOURCE', expect.stringMatching(/^index\.ts, line 2, column 28: /)]);
      expect(sha(await call(`/v1/functions/${name}/configuration`))).toBe(sha(changed));
    });

    it('refuses TypeScript that is too large, nested without end, or for another runtime', async () => {
      const send = async (body: string, query?: string): Promise<string> => codeOf(await upload(newName(), 'text/typescript', body, query));
      expect(await send('('.repeat(4 << 20))).toBe('INVALID_SOURCE');
      expect(await send('x'.repeat((4 << 20) + 1))).toBe('PAYLOAD_TOO_LARGE');
      expect(await send('')).toBe('INVALID_PACKAGE');
      expect(await send('1', '?Runtime=python3')).toBe('UNSUPPORTED_MEDIA_TYPE');
    });

    it('refuses a second one of the same name before the body is read', async () => {
      const name = await made();
      expect(codeOf(await create(name))).toBe('CONFLICT');
    });

    it('C74 lets one of several at once win', async () => {
      const name = newName();
      const answers = await Promise.all([1, 2, 3, 4].map(() => create(name)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    });

    it.each([
      ['text/plain', 'x'],
      ['application/octet-stream', 'x'],
      ['application/json; charset=utf-32', '{}'],
    ])('T4 B34 refuses the type %s', async (type, body) => {
      expect(codeOf(await upload(newName(), type, body, '?Runtime=nodejs20'))).toBe('UNSUPPORTED_MEDIA_TYPE');
    });

    it.each([
      ['Runtime', '?Handler=index.handler'],
      ['Handler', '?Runtime=nodejs20'],
      ['Timeout', '?Runtime=nodejs20&Handler=index.handler&Timeout=3.0'],
      ['Timeout', '?Runtime=nodejs20&Handler=index.handler&Timeout=+3'],
      ['Timeout', '?Runtime=nodejs20&Handler=index.handler&Timeout=1e2'],
      ['MemorySize', '?Runtime=nodejs20&Handler=index.handler&MemorySize=64'],
      ['Timeout', '?Runtime=nodejs20&Handler=index.handler&Timeout=1&Timeout=2'],
      ['unknown', '?Runtime=nodejs20&Handler=index.handler&unknown=1'],
    ])('names %s when the query %s is wrong', async (field, query) => {
      const answer = await upload(newName(), 'application/zip', zip, query);
      expect(codeOf(answer)).toBe('VALIDATION_FAILED');
      expect(messageOf(answer)).toContain(field);
    });

    it('names the size of /tmp that there is not, and shows the one that a function has', async () => {
      const name = newName();
      const wrong = await create(name, { MemorySize: 512, EphemeralStorage: { Size: 512 } });
      expect([codeOf(wrong), messageOf(wrong)]).toEqual([
        'VALIDATION_FAILED',
        expect.stringMatching(/EphemeralStorage\.Size of 512 MB needs/),
      ]);
      const inQuery = await upload(name, 'application/zip', zip, '?Runtime=nodejs20&Handler=index.handler&EphemeralStorage=100');
      expect([codeOf(inQuery), messageOf(inQuery)]).toEqual(['VALIDATION_FAILED', expect.stringMatching(/is 100; .* Take 128/)]);
      expect((await create(name, { MemorySize: 576, EphemeralStorage: { Size: 512 } })).status).toBe(201);
      expect((await call(`/v1/functions/${name}`)).json()).toMatchObject({ Configuration: { EphemeralStorage: { Size: 512 } } });
    });

    it.each(['DeadLetterConfig', 'VpcConfig'])('says that %s is not in this version', async (field) => {
      const answer = await create(newName(), { [field]: {} });
      expect([codeOf(answer), messageOf(answer)]).toEqual(['NOT_SUPPORTED', expect.stringContaining(field)]);
    });

    it.each(['..%2Fetc', '%2e%2e%2fetc', 'a%00b', 'a%20b', 'x'.repeat(65), '%F0%9F%98%80', 'a%0A', 'a%2Fb', 'a.b', '$LATEST', 'hel%256co'])(
      'B44 refuses the name %s',
      async (name) => {
        expect(codeOf(await upload(name, 'text/javascript', 'x'))).toBe('INVALID_NAME');
      },
    );

    it.each(['constructor', '__proto__', 'prototype', 'con'])('B44 takes the name %s like any other', async (name) => {
      expect(codeOf(await call(`/v1/functions/${name}`))).toBe('FUNCTION_NOT_FOUND');
      expect((await create(name)).status).toBe(201);
      expect((await api.directory.find('default', name, LATEST)).configuration.FunctionName).toBe(name);
      expect((await call(`/v1/functions/${name}`, { method: 'DELETE' })).status).toBe(204);
    });
  });

  describe('bodies, corpus B', () => {
    let name: string;
    beforeAll(async () => {
      name = await made();
    });

    it.each(['"x"', 'null', '[]', '1', 'true'])('B31 refuses %s instead of an object', async (text) => {
      expect(codeOf(await configure(name, text))).toBe('VALIDATION_FAILED');
    });

    it.each(['{', "{'Timeout':3}", '{"Timeout":3,}', '\0', ''])('B32 refuses the broken JSON %j', async (text) => {
      expect(codeOf(await configure(name, text))).toBe('INVALID_JSON');
    });

    it('B35 refuses bytes that are not UTF-8', async () => {
      const answer = await call(`/v1/functions/${name}/configuration`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: Buffer.from('{"Description":"\xff\xfe"}', 'latin1'),
      });
      expect(codeOf(answer)).toBe('INVALID_JSON');
    });

    it('B37 answers half a million numbers quickly, naming the field', async () => {
      const answer = await configure(name, `{"Environment":{"Variables":[${'0,'.repeat(499_999)}0]}}`);
      expect([codeOf(answer), messageOf(answer)]).toEqual(['VALIDATION_FAILED', expect.stringContaining('Environment.Variables')]);
    });

    it.each([
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"Tags":{"prototype":"x"}}',
      '{"\\u005f_proto__":1}',
    ])('B38 refuses the key in %s', async (text) => {
      expect(codeOf(await configure(name, text))).toBe('FORBIDDEN_KEY');
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    it('B40 takes the last of duplicate keys', async () => {
      expect((await configure(name, '{"Timeout":5,"Timeout":7}')).json()).toMatchObject({ Timeout: 7 });
    });

    it.each<[string, unknown]>([
      ['Timeout', '60'],
      ['Timeout', '1e2'],
      ['Timeout', 0],
      ['Timeout', 901],
      ['Timeout', 1.5],
      ['Timeout', null],
      ['MemorySize', 5],
      ['MemorySize', 1_048_576],
      ['MemorySize', 128.5],
      ['Description', 'x'.repeat(257)],
      ['Handler', ''],
      ['Handler', 'index'],
      ['Handler', 'a\0b.handler'],
      ['Runtime', 'nodejs99'],
      ['Runtime', '../nodejs20'],
      ['PodConcurrentQuota', 0],
      ['NetworkMode', 'host'],
      ['Environment', { Variables: { A: 1 } }],
      ['Environment', 'A=B'],
      ['Tags', { a: { b: 1 } }],
      ['priviledged', true],
      ['hostConfig', {}],
    ])('B41 B43 B47 refuses %s = %j and names it', async (field, value) => {
      for (const answer of [await configure(name, { [field]: value }), await create(newName(), { [field]: value })]) {
        expect(codeOf(answer)).toBe('VALIDATION_FAILED');
        expect(messageOf(answer)).toContain(field);
      }
    });

    it.each(['LD_PRELOAD', 'NODE_OPTIONS', 'PYTHONPATH', 'PATH', 'EASYFAAS_TOKEN', 'AWS_LAMBDA_FUNCTION_NAME'])(
      'B46 reserves %s',
      async (variable) => {
        expect(codeOf(await configure(name, { Environment: { Variables: { [variable]: 'x' } } }))).toBe('RESERVED_ENV');
      },
    );

    it('has not been changed by any of it', async () => {
      expect(await read(name)).toMatchObject({ Timeout: 7, MemorySize: 128, Description: '' });
    });

    it.each([
      '?maxItems=1&maxItems=2',
      '?maxItems[]=1',
      '?maxItems[__proto__][x]=1',
      `?${'a[]=1&'.repeat(1500)}`,
      '?maxItems=1e9',
      '?maxItems=101',
      '?maxItems=-1',
      '?maxItems=',
      '?marker=forged',
      '?marker=eyJuYW1lIjoieCJ9',
      '?unknown=1',
    ])('B49 B50 refuses the list query %s', async (query) => {
      expect(codeOf(await call(`/v1/functions${query}`))).toBe('VALIDATION_FAILED');
    });

    it.each(['PUT', 'POST', 'DELETE', 'PATCH'])('B51 answers %s on the list with 405 and Allow', async (method) => {
      const answer = await call('/v1/functions', { method });
      expect([codeOf(answer), answer.headers.get('allow')]).toEqual(['METHOD_NOT_ALLOWED', 'GET']);
    });
  });

  describe('updates', () => {
    it('change what they name, give a new revision, and reach the directory at once', async () => {
      const name = await made({ Timeout: 9 });
      const before = await api.directory.find('default', name, LATEST);
      const answer = await configure(name, { Description: 'new', MemorySize: 256 });
      expect(answer.json()).toMatchObject({ Description: 'new', MemorySize: 256, Timeout: 9, Handler: 'index.handler' });
      const now = await api.directory.find('default', name, LATEST);
      expect(now.configuration.RevisionId).not.toBe(before.configuration.RevisionId);
      expect(now.configuration.CommitId).not.toBe(before.configuration.CommitId);
    });

    it('of texts for people leave the commit as it is', async () => {
      const name = await made();
      const { CommitId } = await read(name);
      expect((await configure(name, { Description: 'new', Tags: { a: 'b' } })).json()).toMatchObject({ CommitId });
    });

    it('of the code take JSON, a zip and a source file', async () => {
      const name = await made();
      const put = (type: string, body: string | Buffer): Promise<Answer> =>
        call(`/v1/functions/${name}/code`, { method: 'PUT', headers: { 'Content-Type': type }, body });
      const hashes = [(await read(name)).CodeSha256];
      const other = await zipSingleFile('index.js', 'exports.handler = async () => 2;');
      for (const answer of [
        await put('text/javascript', 'exports.handler = async () => 3;'),
        await put('application/zip', other),
        await put('application/json', JSON.stringify({ ZipFile: zip.toString('base64') })),
      ]) {
        expect(answer.status).toBe(200);
        hashes.push(answer.json<FunctionConfiguration>().CodeSha256);
      }
      expect(new Set(hashes).size).toBe(3);
      expect(hashes.at(-1)).toBe(hashes[0]);
      expect(codeOf(await put('text/x-python', 'x = 1'))).toBe('UNSUPPORTED_MEDIA_TYPE');
    });

    it.each<[string, (revision: string) => { body: object; headers: Record<string, string> }]>([
      ['RevisionId', (revision) => ({ body: { RevisionId: revision }, headers: {} })],
      ['If-Match', (revision) => ({ body: {}, headers: { 'If-Match': revision } })],
      ['a quoted If-Match', (revision) => ({ body: {}, headers: { 'If-Match': `"${revision}"` } })],
    ])('with a stale %s get 412', async (_title, condition) => {
      const name = await made();
      const stale = condition((await read(name)).RevisionId);
      await configure(name, { Description: 'moved on' });
      expect(codeOf(await configure(name, { Description: 'stale', ...stale.body }, stale.headers))).toBe('PRECONDITION_FAILED');
      const right = condition((await read(name)).RevisionId);
      expect((await configure(name, { Description: 'right', ...right.body }, right.headers)).status).toBe(200);
    });

    it('of one revision by many at once succeed once', async () => {
      const name = await made();
      const { RevisionId } = await read(name);
      const answers = await Promise.all([1, 2, 3, 4, 5].map((index) => configure(name, { Description: `by ${index}`, RevisionId })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
    });

    it('without a revision by some at once all succeed', async () => {
      const name = await made();
      const answers = await Promise.all([{ Timeout: 5 }, { MemorySize: 300 }, { Description: 'd' }].map((body) => configure(name, body)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(await read(name)).toMatchObject({ Timeout: 5, MemorySize: 300, Description: 'd' });
    });

    it('T25 never show a value of the environment, and keep what is sent back hidden', async () => {
      const name = await made({ Environment: { Variables: { SECRET: 'hunter2', OTHER: 'plain' } } });
      const seen = [await call(`/v1/functions/${name}`), await call('/v1/functions'), await call(`/v1/functions/${name}/configuration`)];
      for (const { text } of seen) expect(text).not.toContain('hunter2');
      const shown = await read(name);
      expect(shown.Environment.Variables).toEqual({ SECRET: MASKED_VALUE, OTHER: MASKED_VALUE });
      await configure(name, { Environment: { Variables: { ...shown.Environment.Variables, OTHER: 'changed' } } });
      const stored = await api.directory.find('default', name, LATEST);
      expect(stored.configuration.Environment.Variables).toEqual({ SECRET: 'hunter2', OTHER: 'changed' });
      expect(codeOf(await configure(name, { Environment: { Variables: { NEW: MASKED_VALUE } } }))).toBe('VALIDATION_FAILED');
    });

    it('of an unknown function get 404', async () => {
      expect(codeOf(await configure('nothing-here', { Timeout: 5 }))).toBe('FUNCTION_NOT_FOUND');
      const code = await call('/v1/functions/nothing-here/code', { method: 'PUT', ...jsonBody({ ZipFile: zip.toString('base64') }) });
      expect(codeOf(code)).toBe('FUNCTION_NOT_FOUND');
    });
  });

  describe('names and deletion', () => {
    it('understands BRNs, accounts and $LATEST, percent-encoded or not', async () => {
      const name = await made();
      const arn = (await read(name)).FunctionArn;
      for (const id of [arn, encodeURIComponent(arn), `default:${name}`, `${name}:$LATEST`, `${arn}:$LATEST`, `default:function:${name}`]) {
        expect([id, (await call(`/v1/functions/${id}`)).status]).toEqual([id, 200]);
      }
      for (const id of [`other:${name}`, arn.replace(':local:', ':mars:'), `${name}?Qualifier=7`, `${name}?Qualifier=live`]) {
        expect([id, codeOf(await call(`/v1/functions/${id}`))]).toEqual([id, 'FUNCTION_NOT_FOUND']);
      }
    });

    it('deletes, also from the directory', async () => {
      const name = await made();
      await api.directory.find('default', name, LATEST);
      const deleted = await call(`/v1/functions/${name}`, { method: 'DELETE' });
      expect([deleted.status, deleted.text]).toEqual([204, '']);
      expect(codeOf(await call(`/v1/functions/${name}`))).toBe('FUNCTION_NOT_FOUND');
      expect(codeOf(await call(`/v1/functions/${name}`, { method: 'DELETE' }))).toBe('FUNCTION_NOT_FOUND');
      await expect((async () => api.directory.find('default', name, LATEST))()).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    });

    it('keeps, shows and takes back reserved concurrency', async () => {
      const name = await made();
      const path = `/v1/functions/${name}/concurrency`;
      expect((await call(path, { method: 'PUT', ...jsonBody({ ReservedConcurrentExecutions: 0 }) })).json()).toEqual({
        ReservedConcurrentExecutions: 0,
      });
      expect((await call(path)).json()).toEqual({ ReservedConcurrentExecutions: 0 });
      expect((await call(path, { method: 'DELETE' })).status).toBe(204);
      expect((await call(path)).json()).toEqual({});
      expect(codeOf(await call(path, { method: 'PUT', ...jsonBody({}) }))).toBe('VALIDATION_FAILED');
      expect(codeOf(await call(path, { method: 'PUT', ...jsonBody({ ReservedConcurrentExecutions: -1 }) }))).toBe('VALIDATION_FAILED');
    });
  });

  it('refuses reservations that leave too little to the other functions of the account', async () => {
    const [one, two] = [await made(), await made()];
    const reserve = (name: string, count: number) =>
      call(`/v1/functions/${name}/concurrency`, { method: 'PUT', ...jsonBody({ ReservedConcurrentExecutions: count }) });
    expect((await reserve(one, 700)).status).toBe(200);
    const refused = await reserve(two, 250);
    expect(codeOf(refused)).toBe('VALIDATION_FAILED');
    expect(refused.text).toMatch(/ReservedConcurrentExecutions is 250, at most \d+ can be reserved.*1000 calls at once.*100 stay/);
    const put = await call(`/v1/functions/${two}/configuration`, { method: 'PUT', ...jsonBody({ ReservedConcurrentExecutions: 250 }) });
    expect(codeOf(put)).toBe('VALIDATION_FAILED');
    expect((await reserve(two, 150)).status).toBe(200);
    expect((await call(`/v1/functions/${one}`, { method: 'DELETE' })).status).toBe(204);
    expect((await reserve(two, 800)).status).toBe(200);
    expect((await call(`/v1/functions/${two}`, { method: 'DELETE' })).status).toBe(204);
  });

  describe('packages, corpus C', () => {
    it('C73 refuses another SHA-256 than announced and leaves nothing', async () => {
      const before = packageFiles();
      const other = await zipSingleFile('index.js', 'exports.handler = async () => "other";');
      const body = (sha256: string): object => createBody({ Code: { ZipFile: other.toString('base64'), Sha256: sha256 } });
      expect(codeOf(await call(`/v1/functions/${newName()}`, { method: 'POST', ...jsonBody(body('0'.repeat(64))) }))).toBe(
        'CHECKSUM_MISMATCH',
      );
      expect(packageFiles()).toEqual(before);
      const right = createHash('sha256').update(other).digest('hex');
      expect((await call(`/v1/functions/${newName()}`, { method: 'POST', ...jsonBody(body(right)) })).status).toBe(201);
    });

    it.each([
      ['no zip', Buffer.from('this is not a zip')],
      ['nothing', Buffer.alloc(0)],
    ])('refuses %s and leaves nothing', async (_title, bytes) => {
      const before = packageFiles();
      expect(codeOf(await upload(newName(), 'application/zip', bytes, '?Runtime=nodejs20&Handler=index.handler'))).toBe('INVALID_PACKAGE');
      expect(packageFiles()).toEqual(before);
    });

    it('refuses what is not base64', async () => {
      const answer = await create(newName(), { Code: { ZipFile: 'not base64!' } });
      expect([codeOf(answer), messageOf(answer)]).toEqual(['VALIDATION_FAILED', expect.stringContaining('ZipFile')]);
    });

    it('C66 refuses a zip over the limit, whose sender still gets to read why', async () => {
      const answer = await upload(
        newName(),
        'application/zip',
        Buffer.alloc(50 * 1024 * 1024 + 1),
        '?Runtime=nodejs20&Handler=index.handler',
      );
      expect([codeOf(answer), messageOf(answer)]).toEqual(['PACKAGE_TOO_LARGE', expect.stringContaining('52428800')]);
    });

    it('C74 leaves nothing of an upload that ends at 99 %', async () => {
      const before = packageFiles();
      const name = newName();
      const head = [
        `POST /v1/functions/${name}?Runtime=nodejs20&Handler=index.handler HTTP/1.1`,
        'Host: localhost',
        `Authorization: Bearer ${await api.adminKey()}`,
        'Content-Type: application/zip',
        `Content-Length: ${zip.length + 1}`,
      ].join('\r\n');
      await rawExchange(api.port, Buffer.concat([Buffer.from(`${head}\r\n\r\n`), zip]), { deadlineMs: 500 });
      await eventually(() => expect(packageFiles()).toEqual(before), 20_000);
      expect(codeOf(await call(`/v1/functions/${name}`))).toBe('FUNCTION_NOT_FOUND');
    });
  });

  it('lists in pages that hold each function once', async () => {
    const key = (await call('/v1/keys', { method: 'POST', ...jsonBody({ AccountId: 'pages' }) })).json<{ Key: string }>().Key;
    const names = Array.from({ length: 7 }, (_, index) => `p${index}`);
    for (const name of names) await call(`/v1/functions/${name}`, { method: 'POST', key, ...jsonBody(createBody()) });
    const seen: string[] = [];
    let marker = '';
    for (let page = 0; page < 3; page += 1) {
      const answer = await call(`/v1/functions?maxItems=3${marker === '' ? '' : `&marker=${marker}`}`, { key });
      const { Functions, NextMarker } = answer.json<{ Functions: FunctionConfiguration[]; NextMarker?: string }>();
      seen.push(...Functions.map(({ FunctionName }) => FunctionName));
      marker = NextMarker ?? '';
    }
    expect([seen, marker]).toEqual([names, '']);
  });
});

import { request } from 'node:http';
import { packageOf } from '../support/evil-zip';
import { eventually } from '../support/eventually';
import { expectError } from '../support/platform-error';
import { rawExchange, requestHead } from '../support/raw-http';
import { controllerStartSeconds } from '../support/services';
import { type Answer, call, callJson, deploy, invoke, makeKey, newName, removeDeployments, stack } from '../support/stack';

const MIB = 1024 * 1024;
const ZIP = packageOf({ 'index.js': 'exports.handler = async () => 1;' }).toString('base64');
const CREATE = { Runtime: 'nodejs20', Handler: 'index.handler', Code: { ZipFile: ZIP } };

let name: string;
let echo: string;
let controllerStart: number;
let configurationBefore: unknown;

beforeAll(async () => {
  controllerStart = await controllerStartSeconds();
  name = await deploy({ source: 'exports.handler = async () => 1;' });
  echo = await deploy({ source: 'exports.handler = async (event) => event;' });
  configurationBefore = (await call(`/v1/functions/${name}/configuration`)).json();
});

afterAll(async () => {
  // Nothing that was refused has changed anything.
  expect((await call(`/v1/functions/${name}/configuration`)).json()).toEqual(configurationBefore);
  expect(await controllerStartSeconds()).toBe(controllerStart);
  await removeDeployments();
});

const configure = (body: unknown): Promise<Answer> => callJson('PUT', `/v1/functions/${name}/configuration`, body);
const create = (body: unknown): Promise<Answer> => callJson('POST', `/v1/functions/${newName()}`, body);

describe('B. JSON that is not what is asked for', () => {
  it.each(['"x"', 'null', '[]', '1', 'true'])('B31 %s instead of an object gets 400', async (text) => {
    expectError(await configure(text), ['VALIDATION_FAILED', 'INVALID_JSON']);
    expectError(await create(text), ['VALIDATION_FAILED', 'INVALID_JSON']);
  });

  it.each(['{', '{"Timeout":}', "{'Timeout':3}", '{"Timeout":3}}', '{"Timeout":3,}', '\u0000'])(
    'B31 the broken JSON %j gets 400',
    async (text) => {
      expectError(await configure(text), 'INVALID_JSON');
    },
  );

  it('B32 an empty body gets 400 where an object is needed', async () => {
    expectError(await configure(''), 'INVALID_JSON');
    expectError(await create(''), ['INVALID_JSON', 'VALIDATION_FAILED', 'INVALID_PACKAGE']);
  });

  it('B32 an empty body of a call is the event null', async () => {
    const answer = await call(`/v1/functions/${echo}/invocations`, { method: 'POST', headers: { 'Content-Type': 'application/json' } });
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: 'null' });
  });

  it.each([
    'application/json; charset=utf-32',
    'application/json; charset=latin1',
    'text/plain',
    'application/x-www-form-urlencoded',
    'text/json',
  ])('B34 the content type %s gets 415', async (type) => {
    const answer = await callJson('PUT', `/v1/functions/${name}/configuration`, '{"Timeout":3}', { headers: { 'Content-Type': type } });
    expectError(answer, 'UNSUPPORTED_MEDIA_TYPE');
  });

  it('B35 bytes that are not UTF-8 get 400 from the API', async () => {
    expectError(await configure(Buffer.from('{"Description":"\xff\xfe"}', 'latin1')), 'INVALID_JSON', /UTF-8/);
  });

  it('B35 bytes that are not UTF-8 reach a function as they are', async () => {
    const bytes = Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 10]);
    const answer = await invoke(echo, bytes, { headers: { 'Content-Type': 'application/octet-stream' } });
    expect(answer.status).toBe(200);
    expect(answer.bytes).toEqual(bytes);
  });

  it('B37 half a million numbers where texts are expected get 400 at once', async () => {
    const numbers = `[${'0,'.repeat(499_999)}0]`;
    const startedAt = performance.now();
    expectError(await configure(`{"Tags":${numbers}}`), 'VALIDATION_FAILED', /Tags/);
    expectError(await configure(`{"Environment":{"Variables":${numbers}}}`), 'VALIDATION_FAILED', /Variables/);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('B37 200 000 wrong members get 400', async () => {
    const members = Array.from({ length: 200_000 }, (_, index) => `"k${index}":0`).join();
    expectError(await configure(`{"Environment":{"Variables":{${members}}}}`), ['VALIDATION_FAILED', 'RESERVED_ENV'], /Variables|64/);
  });

  it('B37 JSON 100 000 deep gets 400', async () => {
    expectError(await configure(`{"Tags":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), ['VALIDATION_FAILED', 'INVALID_JSON']);
    expectError(await configure(`${'{"Tags":'.repeat(100_000)}1${'}'.repeat(100_000)}`), ['VALIDATION_FAILED', 'INVALID_JSON']);
  });

  it.each([
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"Environment":{"Variables":{"__proto__":"x"}}}',
    '{"Tags":{"constructor":"x"}}',
    '{"\\u005f_proto__":{"polluted":1}}',
  ])('B38 the key in %s is forbidden', async (text) => {
    expectError(await configure(text), 'FORBIDDEN_KEY', /__proto__|constructor|prototype/);
  });

  it('B40 of a key that is given twice the last counts, or the request is refused', async () => {
    const target = await deploy({ source: 'exports.handler = async () => 1;' });
    const answer = await callJson('PUT', `/v1/functions/${target}/configuration`, '{"Timeout":5,"Timeout":7}');
    if (answer.status === 200) expect(answer.json<{ Timeout: number }>().Timeout).toBe(7);
    else expectError(answer, ['VALIDATION_FAILED', 'INVALID_JSON']);
  });
});

describe('B. Fields with wrong values', () => {
  it.each([
    [41, 'Timeout', '60'],
    [41, 'Timeout', '1e2'],
    [42, 'Timeout', 0],
    [42, 'Timeout', -1],
    [42, 'Timeout', 901],
    [42, 'Timeout', 1.5],
    [42, 'Timeout', null],
    [42, 'Timeout', true],
    [42, 'Timeout', []],
    [43, 'MemorySize', 5],
    [43, 'MemorySize', 0],
    [43, 'MemorySize', -128],
    [43, 'MemorySize', 127],
    [43, 'MemorySize', 1_048_576],
    [43, 'MemorySize', 128.5],
    [43, 'MemorySize', '128'],
    [43, 'MemorySize', 1e300],
    [45, 'Description', 'x'.repeat(257)],
    [45, 'Description', 1],
    [45, 'Handler', ''],
    [45, 'Handler', '../../etc/passwd'],
    [45, 'Handler', 'index'],
    [45, 'Handler', 'x'.repeat(5000)],
    [45, 'Handler', 'a\u0000b.handler'],
    [45, 'Runtime', 'nodejs99'],
    [45, 'Runtime', '__proto__'],
    [45, 'Runtime', '../nodejs20'],
    [45, 'PodConcurrentQuota', 0],
    [45, 'PodConcurrentQuota', 1_000_000],
    [45, 'NetworkMode', 'host'],
    [45, 'Environment', { Variables: { A: 1 } }],
    [45, 'Environment', { Variables: [] }],
    [45, 'Environment', 'A=B'],
    [45, 'Tags', { a: { b: 1 } }],
  ])('B%i %s %j gets 400 that names the field', async (_row, field, value) => {
    expectError(await configure({ [field]: value }), ['VALIDATION_FAILED', 'FORBIDDEN_KEY'], new RegExp(field));
    expectError(await create({ ...CREATE, [field]: value }), ['VALIDATION_FAILED', 'FORBIDDEN_KEY'], new RegExp(field));
  });

  it.each([
    ['../etc', '..%2Fetc'],
    ['an encoded ../etc', '%2e%2e%2fetc'],
    ['a NUL', 'a%00b'],
    ['a blank', 'a%20b'],
    ['300 characters', 'x'.repeat(300)],
    ['65 characters', 'x'.repeat(65)],
    ['an emoji', encodeURIComponent('😀')],
    ['a line break', 'a%0A'],
    ['a slash', 'a%2Fb'],
    ['a dot', 'a.b'],
    ['a dollar sign', '$LATEST'],
    ['a BRN of another kind', 'brn:cloud:vm:bj:default:function:x'],
  ])('B44 a name with %s gets 400', async (_title, encoded) => {
    const answer = await rawExchange(
      requestHead(`POST /v1/functions/${encoded}?Runtime=nodejs20&Handler=index.handler HTTP/1.1`, [
        'Content-Type: text/javascript',
        'Content-Length: 34',
        'Connection: close',
      ]) + 'exports.handler = async () => 1;  ',
    );
    expectError(answer, 'INVALID_NAME');
  });

  it.each(['constructor', '__proto__', 'prototype', 'hasOwnProperty', 'con', 'nul', '-', '_'])(
    'B44 a function named %s is a function like any other',
    async (odd) => {
      expectError(await call(`/v1/functions/${odd}`), 'FUNCTION_NOT_FOUND');
      const made = await call(`/v1/functions/${odd}?Runtime=nodejs20&Handler=index.handler`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/javascript' },
        body: `exports.handler = async () => 'I am ${odd}';`,
      });
      expect(made.status).toBe(201);
      expect((await invoke(odd)).json()).toBe(`I am ${odd}`);
      expect((await call(`/v1/functions/${odd}`, { method: 'DELETE' })).status).toBe(204);
      expectError(await invoke(odd), 'FUNCTION_NOT_FOUND');
    },
  );

  it.each([
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'NODE_OPTIONS',
    'NODE_PATH',
    'PYTHONPATH',
    'PYTHONSTARTUP',
    'PATH',
    'HOME',
    'EASYFAAS_TOKEN',
    'EASYFAAS_X',
    'AWS_LAMBDA_FUNCTION_NAME',
    '_HANDLER',
  ])('B46 the variable %s is reserved', async (variable) => {
    expectError(await configure({ Environment: { Variables: { [variable]: 'x' } } }), 'RESERVED_ENV', new RegExp(variable));
    expectError(await create({ ...CREATE, Environment: { Variables: { [variable]: 'x' } } }), 'RESERVED_ENV', new RegExp(variable));
  });

  it.each<[string, Record<string, string>]>([
    ['a name with =', { 'A=B': 'x' }],
    ['an empty name', { '': 'x' }],
    ['a name with a blank', { 'A B': 'x' }],
    ['a name that begins with a digit', { '1A': 'x' }],
    ['a value of 10 KB', { A: 'x'.repeat(10_240) }],
    ['65 names', Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`A${index}`, 'x']))],
    ['1 000 names', Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`A${index}`, 'x']))],
    ['4 KB in all', Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`A${index}`, 'x'.repeat(1024)]))],
    ['a NUL in a value', { A: 'a\0b' }],
  ])('B46 an environment with %s gets 400', async (_title, variables) => {
    expectError(await configure({ Environment: { Variables: variables } }), 'VALIDATION_FAILED', /Variables/);
  });

  it('B46 an environment of 64 variables reaches the function', async () => {
    const target = await deploy({
      source: `exports.handler = async () => Object.keys(process.env).filter((key) => /^A\\d+$/.test(key)).length;`,
    });
    const variables = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`A${index}`, 'äöü ¢ "\'$`\n']));
    const answer = await callJson('PUT', `/v1/functions/${target}/configuration`, { Environment: { Variables: variables } });
    expect(answer.status).toBe(200);
    expect((await invoke(target)).text).toBe('64');
  });

  it.each(['priviledged', 'hostConfig', 'binds', 'Privileged', 'timeout', 'EphemeralStorage', 'Layers', 'DeadLetterConfig', 'VpcConfig'])(
    'B47 the unknown field %s is named',
    async (field) => {
      expectError(await configure({ [field]: {} }), ['VALIDATION_FAILED', 'NOT_SUPPORTED'], new RegExp(field));
      expectError(await create({ ...CREATE, [field]: {} }), ['VALIDATION_FAILED', 'NOT_SUPPORTED'], new RegExp(field));
    },
  );
});

describe('B. Queries and pages', () => {
  it.each([
    [49, '?maxItems=1&maxItems=2'],
    [49, '?maxItems[]=1'],
    [49, '?maxItems[__proto__][x]=1'],
    [49, `?${'a[]=1&'.repeat(1500)}`],
    [50, '?maxItems=1e9'],
    [50, '?maxItems=101'],
    [50, '?maxItems=-1'],
    [50, '?maxItems=0'],
    [50, '?maxItems=1.5'],
    [50, '?maxItems=banana'],
    [50, '?maxItems='],
    [50, '?maxItems=%31%30%30%30'],
    [50, '?marker=forged'],
    [50, `?marker=${Buffer.from('{"name":"x"}').toString('base64')}`],
    [50, '?unknown=1'],
  ])('B%i the query %s gets 400', async (_row, query) => {
    expectError(await call(`/v1/functions${query}`), 'VALIDATION_FAILED');
  });

  it.each([
    '?since=banana',
    '?since=-1',
    '?limit=-1',
    '?limit=1e9',
    '?limit=101',
    '?status=odd',
    '?function=..%2Fx',
    '?function=a&function=b',
    '?marker=forged',
  ])('B58 the query %s of the records gets 400', async (query) => {
    expectError(await call(`/v1/invocations${query}`), ['VALIDATION_FAILED', 'INVALID_NAME']);
  });

  it.each(['?Qualifier=1&Qualifier=2', '?Qualifier=..%2Fx', '?Qualifier=%00', `?Qualifier=${'x'.repeat(200)}`])(
    'B49 the qualifier %s gets 400',
    async (query) => {
      expectError(await call(`/v1/functions/${name}${query}`), 'VALIDATION_FAILED');
      expectError(await call(`/v1/functions/${name}/invocations${query}`, { method: 'POST' }), 'VALIDATION_FAILED');
    },
  );

  it.each(['PATCH', 'PUT', 'POST', 'DELETE'])('B51 %s on a list gets 405 that says what is allowed', async (method) => {
    const answer = await call('/v1/functions', { method });
    expectError(answer, 'METHOD_NOT_ALLOWED', /GET/);
    expect(answer.headers.get('allow')).toContain('GET');
  });

  it('B55 an event of 6 MiB passes and one byte more gets 413 with the limit in the text', async () => {
    const count = await deploy({ source: 'exports.handler = async (event) => event.length;', memoryMb: 512 });
    const fits = await invoke(count, Buffer.alloc(6 * MIB, 'x'), { headers: { 'Content-Type': 'application/octet-stream' } });
    expect({ status: fits.status, text: fits.text }).toEqual({ status: 200, text: String(6 * MIB) });
    expectError(await invoke(count, Buffer.alloc(6 * MIB + 1, 'x')), 'PAYLOAD_TOO_LARGE', /6291456|6 MiB/);
  });

  it.each([
    ['GET', '/v1/functions/nothing-here'],
    ['DELETE', '/v1/functions/nothing-here'],
    ['GET', '/v1/functions/nothing-here/configuration'],
    ['POST', '/v1/functions/nothing-here/invocations'],
    ['POST', '/v1/functions/constructor/invocations'],
  ])('B56 %s %s of an unknown function gets 404', async (method, path) => {
    expectError(await call(path, { method }), 'FUNCTION_NOT_FOUND');
  });

  it('B56 updates of an unknown function get 404', async () => {
    expectError(await callJson('PUT', '/v1/functions/nothing-here/configuration', { Timeout: 5 }), 'FUNCTION_NOT_FOUND');
    expectError(await callJson('PUT', '/v1/functions/nothing-here/code', { ZipFile: ZIP }), 'FUNCTION_NOT_FOUND');
  });

  it.each([
    ['GET', '/v1/secrets'],
    ['POST', '/v1/pool/some-container/invalidate'],
  ])('B57 %s %s says that it is not there yet', async (method, path) => {
    expectError(await call(path, { method }), 'NOT_SUPPORTED');
  });

  it.each(['banana', 'events'])('B57 the invoke type %s is refused and nothing runs', async (type) => {
    const answer = await invoke(name, {}, { headers: { 'X-Easyfaas-Invoke-Type': type } });
    expectError(answer, ['NOT_SUPPORTED', 'VALIDATION_FAILED']);
  });
});

describe('B. Keys', () => {
  it.each(['GET', 'PUT', 'DELETE'])('B52 a key that may only invoke gets 403 from %s', async (method) => {
    const key = await makeKey('default', ['invoke']);
    const answer =
      method === 'PUT'
        ? await callJson('PUT', `/v1/functions/${name}/configuration`, { Timeout: 9 }, { key })
        : await call(`/v1/functions/${name}`, { method, key });
    expectError(answer, 'FORBIDDEN', /scope|allowed|may/);
    expect((await invoke(name, {}, { key })).status).toBe(200);
  });

  it('B52 a key that may only read cannot invoke', async () => {
    const key = await makeKey('default', ['read']);
    expectError(await invoke(name, {}, { key }), 'FORBIDDEN');
    expect((await call(`/v1/functions/${name}`, { key })).status).toBe(200);
  });

  it.each(['/v1/pool', '/v1/keys', '/metrics'])('B52 an administrator of another account cannot see %s', async (path) => {
    const key = await makeKey('corpus-b52');
    expectError(await call(path, { key }), 'FORBIDDEN');
  });

  it.each([
    ['no key', null],
    ['an empty key', ''],
    ['a word', 'secret'],
    ['a key of the right form', `easyfaas_aaaaaaaa_${'A'.repeat(43)}`],
    ['a key of 10 000 characters', 'x'.repeat(10_000)],
  ])('B53 %s gets 401, the same words for each', async (_title, key) => {
    const headers: Record<string, string> = key === null ? {} : { Authorization: `Bearer ${key}` };
    const answer = await callFrom('127.0.0.21', '/v1/functions', headers);
    expect({ status: answer.status, code: answer.body.error.code, message: answer.body.error.message }).toEqual({
      status: 401,
      code: 'UNAUTHORIZED',
      message: expect.stringContaining('Authorization: Bearer') as string,
    });
  });

  it('B53 the right key under another scheme, or in the query, gets 401', async () => {
    const basic = `Basic ${Buffer.from(`x:${stack.key}`).toString('base64')}`;
    expect((await callFrom('127.0.0.22', '/v1/functions', { Authorization: basic })).status).toBe(401);
    expect((await callFrom('127.0.0.22', `/v1/functions?key=${stack.key}`, {})).status).toBe(401);
  });

  it('B53 100 wrong keys from one address are throttled, and other addresses are not', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 100; attempt++) {
      const key = `easyfaas_aaaaaaaa_${String(attempt).padStart(43, 'A')}`;
      const answer = await callFrom('127.0.0.23', '/v1/functions', { Authorization: `Bearer ${key}` });
      statuses.push(answer.status);
      if (answer.status === 429) {
        expect(answer.body.error.code).toBe('THROTTLED');
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      }
    }
    expect(statuses[0]).toBe(401);
    expect(statuses.at(-1)).toBe(429);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await callFrom('127.0.0.24', '/v1/functions', { Authorization: `Bearer ${stack.key}` })).status).toBe(200);
  });

  it('B54 a revoked key soon stops working', async () => {
    const made = await callJson('POST', '/v1/keys', { AccountId: 'default', Scopes: ['read'] });
    const { Key, KeyId } = made.json<{ Key: string; KeyId: string }>();
    expect((await call(`/v1/functions/${name}`, { key: Key })).status).toBe(200);
    expect((await call(`/v1/keys/${KeyId}`, { method: 'DELETE' })).status).toBe(204);
    await eventually(async () => expectError(await call(`/v1/functions/${name}`, { key: Key }), 'UNAUTHORIZED'), 5_000, 1_000);
  });

  it('B54 keys are listed without their secrets', async () => {
    const key = await makeKey('corpus-b54');
    const { text } = await call('/v1/keys');
    expect(text).toContain('corpus-b54');
    expect(text).not.toContain(key);
    expect(text).not.toContain(key.split('_').at(-1));
  });
});

interface PlainAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: { error: { code: string; message: string } };
}

/** A request from another address of this machine: failures are counted per address, and must not lock the tests out. */
function callFrom(localAddress: string, path: string, headers: Record<string, string>): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${stack.url}${path}`, { localAddress, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as PlainAnswer['body'];
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

import { randomUUID } from 'node:crypto';
import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { packageOf } from '../support/evil-zip';
import { eventually } from '../support/eventually';
import { expectError } from '../support/platform-error';
import { type Answer, type Language, call, deploy, invoke, logTail, newName, removeDeployments } from '../support/stack';

afterAll(removeDeployments);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TAIL = { headers: { 'Log-Type': 'Tail' } };

/** A call of the function that succeeded. */
async function succeed(name: string, payload: unknown = {}, options = {}): Promise<Answer> {
  const answer = await invoke(name, payload, options);
  expect({ status: answer.status, error: answer.headers.get('x-easyfaas-function-error'), text: answer.text }).toEqual({
    status: 200,
    error: null,
    text: answer.text,
  });
  return answer;
}

async function deployZip(files: Record<string, string>, query: Record<string, string>): Promise<string> {
  const name = newName();
  const answer = await call(`/v1/functions/${name}?${new URLSearchParams(query).toString()}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/zip' },
    body: packageOf(files),
  });
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 201, text: answer.text });
  return name;
}

describe('a handler may be written as', () => {
  const hello = { nodejs20: { Runtime: 'nodejs20', Handler: 'index.handler' }, python3: { Runtime: 'python3', Handler: 'index.handler' } };

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['an async function of a CommonJS module', { 'index.js': `exports.handler = async (event) => 'Hello ' + event.name;` }, hello.nodejs20],
    ['a plain function of a CommonJS module', { 'index.js': `exports.handler = (event) => 'Hello ' + event.name;` }, hello.nodejs20],
    [
      'a function with a callback',
      { 'index.js': `exports.handler = (event, context, callback) => { setTimeout(() => callback(null, 'Hello ' + event.name), 5); };` },
      hello.nodejs20,
    ],
    [
      'a function with a callback that returns something of no meaning',
      { 'index.js': `exports.handler = (event, context, callback) => setTimeout(callback, 5, null, 'Hello ' + event.name);` },
      hello.nodejs20,
    ],
    ['an export of a .mjs file', { 'index.mjs': `export const handler = async (event) => 'Hello ' + event.name;` }, hello.nodejs20],
    [
      'an export of a package of type module, with an import',
      {
        'package.json': '{"type":"module"}',
        'index.js': `import { greet } from './greet.js';\nexport const handler = async (event) => greet(event.name);`,
        'greet.js': `export const greet = (name) => 'Hello ' + name;`,
      },
      hello.nodejs20,
    ],
    [
      'a function in a folder with a module beside it',
      {
        'src/app.js': `const greet = require('../greet');\nexports.run = async (event) => greet(event.name);`,
        'greet.js': `module.exports = (name) => 'Hello ' + name;`,
      },
      { Runtime: 'nodejs20', Handler: 'src/app.run' },
    ],
    ['a function of a Python module', { 'index.py': `def handler(event, context):\n    return 'Hello ' + event['name']\n` }, hello.python3],
    [
      'an async function of a Python module',
      {
        'index.py': `import asyncio\nasync def handler(event, context):\n    await asyncio.sleep(0)\n    return 'Hello ' + event['name']\n`,
      },
      hello.python3,
    ],
    [
      'a Python function with a module beside it',
      {
        'app.py': `from greet import greet\ndef run(event, context):\n    return greet(event['name'])\n`,
        'greet.py': `def greet(name):\n    return 'Hello ' + name\n`,
      },
      { Runtime: 'python3', Handler: 'app.run' },
    ],
  ])('%s', async (_title, files, query) => {
    const name = await deployZip(files, query);
    expect((await succeed(name, { name: 'you' })).text).toBe('"Hello you"');
    expect((await succeed(name, { name: 'again' })).text).toBe('"Hello again"');
  });
});

const ECHO: Record<Language, string> = {
  nodejs20: `exports.handler = async (event) => (Buffer.isBuffer(event) ? event : { got: event });`,
  python3: `def handler(event, context):\n    return event if isinstance(event, bytes) else {'got': event}\n`,
};

describe.each<Language>(['nodejs20', 'python3'])('a function of %s', (runtime) => {
  let echo: string;

  beforeAll(async () => {
    echo = await deploy({ runtime, source: ECHO[runtime] });
  });

  it('starts cold and is warm the next time, in the same container', async () => {
    const name = await deploy({ runtime, source: ECHO[runtime] });
    const [cold, warm] = [await succeed(name), await succeed(name)];
    expect([cold, warm].map(({ headers }) => headers.get('x-easyfaas-start'))).toEqual(['cold', 'warm']);
    expect(cold.headers.get('x-easyfaas-container')).toMatch(/^[0-9a-f]{12}$/);
    expect(warm.headers.get('x-easyfaas-container')).toBe(cold.headers.get('x-easyfaas-container'));
    expect(cold.headers.get('server-timing')).toMatch(/route;dur=.*wait;dur=.*warmup;.*dur=.*init;dur=.*invoke;dur=/);
    expect(warm.headers.get('server-timing')).not.toMatch(/init/);
  });

  it('gets JSON as a value and answers JSON', async () => {
    const event = { text: 'grüße 😀', list: [1, 2.5, null, true], nested: { deep: [[[]]] } };
    const answer = await succeed(echo, event);
    expect(answer.json()).toEqual({ got: event });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.headers.get('content-length')).toBe(String(answer.bytes.length));
  });

  it('gets bytes as bytes and answers them unchanged', async () => {
    const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 31) % 256));
    const answer = await succeed(echo, bytes, { headers: { 'Content-Type': 'application/octet-stream' } });
    expect(answer.bytes.equals(bytes)).toBe(true);
    expect(answer.headers.get('content-type')).toMatch(/^application\/octet-stream/);
  });

  it('gets nothing for an empty body', async () => {
    expect((await call(`/v1/functions/${echo}/invocations`, { method: 'POST' })).json()).toEqual({ got: null });
  });

  it('is told that an event is not JSON where it says that it is', async () => {
    const answer = await invoke(echo, Buffer.from('{not json'), { headers: { 'Content-Type': 'application/json' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-easyfaas-function-error')).toBe('Unhandled');
    expect(answer.json<{ errorType: string }>().errorType).toBe('Runtime.UnmarshalError');
  });

  it('takes and returns megabytes', async () => {
    const name = await deploy({ runtime, source: ECHO[runtime], memoryMb: 512 });
    const bytes = Buffer.alloc(5 * 1024 * 1024, 'abcdefgh');
    const answer = await succeed(name, bytes, { headers: { 'Content-Type': 'application/octet-stream' } });
    expect(answer.bytes.equals(bytes)).toBe(true);
  });

  it('finds facts about itself in its context and its environment', async () => {
    const source = {
      nodejs20: `exports.handler = async (event, c) => ({ id: c.awsRequestId, name: c.functionName, version: c.functionVersion, arn: c.invokedFunctionArn, memory: Number(c.memoryLimitInMB), left: c.getRemainingTimeInMillis(), mine: process.env.MINE, home: process.env.HOME, cwd: process.cwd(), custom: c.clientContext?.custom });`,
      python3: `import os\ndef handler(event, c):\n    return {'id': c.aws_request_id, 'name': c.function_name, 'version': c.function_version, 'arn': c.invoked_function_arn, 'memory': int(c.memory_limit_in_mb), 'left': c.get_remaining_time_in_millis(), 'mine': os.environ.get('MINE'), 'home': os.environ['HOME'], 'cwd': os.getcwd(), 'custom': c.client_context.custom}\n`,
    };
    const name = await deploy({ runtime, source: source[runtime], memoryMb: 192, timeoutSeconds: 7 });
    const updated = await call(`/v1/functions/${name}/configuration`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ Environment: { Variables: { MINE: 'yes' } } }),
    });
    expect(updated.status).toBe(200);
    const clientContext = Buffer.from('{"custom":{"k":"v"}}').toString('base64');
    const answer = await succeed(name, {}, { headers: { 'X-Amz-Client-Context': clientContext } });
    const facts = answer.json<Record<string, unknown>>();
    expect(facts).toEqual({
      id: answer.headers.get('x-easyfaas-request-id'),
      name,
      version: '$LATEST',
      arn: expect.stringMatching(new RegExp(`^brn:cloud:faas:[a-z0-9-]+:default:function:${name}`)) as string,
      memory: 192,
      left: expect.any(Number) as number,
      mine: 'yes',
      home: '/tmp',
      cwd: expect.stringMatching(/^\/(var\/task|tmp)$/) as string,
      custom: { k: 'v' },
    });
    expect(facts['left']).toBeGreaterThan(0);
    expect(facts['left']).toBeLessThanOrEqual(7000);
  });

  it('that throws answers with its own type, message and stack', async () => {
    const source = {
      nodejs20: `class Odd extends Error { name = 'OddError'; }\nexports.handler = async () => { throw new Odd('it is odd'); };`,
      python3: `class OddError(Exception): pass\ndef handler(event, context):\n    raise OddError('it is odd')\n`,
    };
    const name = await deploy({ runtime, source: source[runtime] });
    const answer = await invoke(name, {}, TAIL);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-easyfaas-function-error')).toBe('Unhandled');
    const body = answer.json<Record<string, unknown>>();
    expect(body).toMatchObject({ errorType: 'OddError', errorMessage: 'it is odd' });
    if (runtime === 'nodejs20') expect(body['trace']).toEqual(expect.arrayContaining([expect.stringContaining('index.js:2')]));
    else {
      expect(body['requestId']).toBe(answer.headers.get('x-easyfaas-request-id'));
      expect(JSON.stringify(body['stackTrace'])).toContain('index.py');
    }
    const again = await invoke(name);
    expect(again.headers.get('x-easyfaas-start')).toBe('warm');
    expect(again.headers.get('x-easyfaas-container')).toBe(answer.headers.get('x-easyfaas-container'));
  });

  it.each([
    ['has a broken syntax', { nodejs20: 'exports.handler = (', python3: 'def handler(' }, 'Runtime.UserCodeSyntaxError'],
    ['has no such handler', { nodejs20: 'exports.other = 1;', python3: 'other = 1\n' }, 'Runtime.HandlerNotFound'],
    ['imports what is not there', { nodejs20: `require('not-there');`, python3: 'import not_there\n' }, 'Runtime.ImportModuleError'],
    ['throws while it is loaded', { nodejs20: `throw new TypeError('at load');`, python3: `raise TypeError('at load')\n` }, 'TypeError'],
  ])('that %s says so to every caller', async (_title, source, errorType) => {
    const name = await deploy({ runtime, source: source[runtime] });
    const answers = await Promise.all([invoke(name), invoke(name), invoke(name)]);
    answers.push(await invoke(name));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-easyfaas-function-error')).toBe('Unhandled');
      expect(answer.json()).toMatchObject({ errorType, errorMessage: expect.any(String) as string });
    }
  });

  it('carries one request id in the answer, in its log and in its record', async () => {
    const source = {
      nodejs20: `exports.handler = async () => { console.log('one line'); return 1; };`,
      python3: `def handler(event, context):\n    print('one line')\n    return 1\n`,
    };
    const name = await deploy({ runtime, source: source[runtime] });
    const id = randomUUID();
    const answer = await succeed(name, { a: 1 }, { headers: { 'Log-Type': 'Tail', 'X-Easyfaas-Request-Id': id } });
    expect(answer.headers.get('x-easyfaas-request-id')).toBe(id);
    const lines = logTail(answer).trimEnd().split('\n');
    expect(lines[0]).toBe(`START RequestId: ${id} Version: $LATEST`);
    expect(lines[1]).toContain('one line');
    expect(lines[2]).toBe(`END RequestId: ${id}`);
    expect(lines[3]).toMatch(
      new RegExp(
        `^REPORT RequestId: ${id}\tDuration: [\\d.]+ ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\tMax Memory Used: \\d+ MB\tInit Duration: [\\d.]+ ms`,
      ),
    );
    expect(lines).toHaveLength(4);

    const record = await eventually(async () => {
      const found = await call(`/v1/invocations/${id}`);
      expect(found.status).toBe(200);
      return found.json<InvocationRecord>();
    }, 10_000);
    expect(record).toMatchObject({
      requestId: id,
      functionName: name,
      accountId: 'default',
      version: '$LATEST',
      status: 'succeeded',
      httpStatus: 200,
      start: 'cold',
      containerId: answer.headers.get('x-easyfaas-container'),
      payloadBytes: 7,
      resultBytes: 1,
      logTail: logTail(answer),
    });
    expect(record.stages.totalMs).toBeGreaterThan(0);
    expect(record.stages.invokeMs).toBeGreaterThan(0);
  });

  it('shows the last 4 KB of its log, whole lines of it in order', async () => {
    const source = {
      nodejs20: `exports.handler = async () => { for (let line = 1; line <= 3000; line++) console.log('line', line); return 1; };`,
      python3: `def handler(event, context):\n    for line in range(1, 3001): print('line', line)\n    return 1\n`,
    };
    const name = await deploy({ runtime, source: source[runtime] });
    const tail = logTail(await succeed(name, {}, TAIL));
    expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(tail)).toBeGreaterThan(3000);
    const numbers = [...tail.matchAll(/line (\d+)$/gm)].map((match) => Number(match[1]));
    expect(numbers.at(-1)).toBe(3000);
    expect(numbers).toEqual(Array.from(numbers, (_, index) => 3000 - numbers.length + 1 + index));
    expect(tail.trimEnd().split('\n').at(-1)).toMatch(/^REPORT /);
  });

  it('has real figures in its REPORT line and its headers', async () => {
    const source = {
      nodejs20: `exports.handler = async () => { await new Promise((resolve) => setTimeout(resolve, 300)); return Buffer.alloc(20 << 20, 1).length; };`,
      python3: `import time\ndef handler(event, context):\n    keep = b'x' * (20 << 20)\n    time.sleep(0.3)\n    return len(keep)\n`,
    };
    const name = await deploy({ runtime, source: source[runtime], memoryMb: 256 });
    await succeed(name);
    const answer = await succeed(name, {}, TAIL);
    const [, durationMs, billedMs, sizeMb, usedMb] =
      /Duration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB/
        .exec(logTail(answer))
        ?.map(Number) ?? [];
    expect(durationMs).toBeGreaterThan(295);
    expect(durationMs).toBeLessThan(3000);
    expect(billedMs).toBe(Math.ceil(durationMs ?? 0));
    expect(sizeMb).toBe(256);
    expect(usedMb).toBeGreaterThan(20);
    expect(usedMb).toBeLessThan(256);
    expect(answer.headers.get('x-easyfaas-function-exectime')).toMatch(/^\d+\.\d{3}$/);
    expect(Number(answer.headers.get('x-easyfaas-function-exectime'))).toBeGreaterThan(295);
    expect(logTail(answer)).not.toContain('Init Duration');
  });

  it('runs in a new process for another version of its code, and keeps its memory in one', async () => {
    const source = {
      nodejs20: `let calls = 0;\nexports.handler = async () => ++calls;`,
      python3: `calls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return calls\n`,
    };
    const name = await deploy({ runtime, source: source[runtime] });
    expect([(await succeed(name)).text, (await succeed(name)).text, (await succeed(name)).text]).toEqual(['1', '2', '3']);
  });
});

describe('a call', () => {
  let name: string;

  beforeAll(async () => {
    name = await deploy({ source: `exports.handler = async () => { console.log('ran'); return 1; };` });
  });

  it('gets a request id of its own when it brings none, or one that is not fit', async () => {
    expect((await succeed(name)).headers.get('x-easyfaas-request-id')).toMatch(UUID);
    const answer = await succeed(name, {}, { headers: { 'X-Easyfaas-Request-Id': 'END RequestId: x' } });
    expect(answer.headers.get('x-easyfaas-request-id')).toMatch(UUID);
  });

  it('shows no log unless it is asked for', async () => {
    expect((await succeed(name)).headers.get('x-easyfaas-log-result')).toBeNull();
    const answer = await succeed(name, {}, { headers: { 'X-Amz-Log-Type': 'Tail' } });
    expect(logTail(answer)).toContain('ran');
  });

  it('of type dryrun answers 204 and runs nothing', async () => {
    const fresh = await deploy({ source: `let calls = 0;\nexports.handler = async () => ++calls;` });
    const answer = await invoke(fresh, {}, { headers: { 'X-Easyfaas-Invoke-Type': 'dryrun' } });
    expect({ status: answer.status, bytes: answer.bytes.length }).toEqual({ status: 204, bytes: 0 });
    const first = await succeed(fresh);
    expect({ text: first.text, start: first.headers.get('x-easyfaas-start') }).toEqual({ text: '1', start: 'cold' });
  });

  it('of type dryrun still checks that the function is there', async () => {
    expectError(await invoke('nothing-here', {}, { headers: { 'X-Easyfaas-Invoke-Type': 'dryrun' } }), 'FUNCTION_NOT_FOUND');
  });

  it('finds its function by name, by account and name, and by BRN, encoded or not', async () => {
    const { FunctionArn } = (await call(`/v1/functions/${name}/configuration`)).json<{ FunctionArn: string }>();
    for (const id of [name, `${name}:$LATEST`, `default:${name}`, FunctionArn, encodeURIComponent(FunctionArn), `${FunctionArn}:$LATEST`]) {
      const answer = await invoke(id);
      expect({ id, status: answer.status, text: answer.text }).toEqual({ id, status: 200, text: '1' });
    }
    expectError(await call(`/v1/functions/${name}/invocations?Qualifier=7`, { method: 'POST' }), 'FUNCTION_NOT_FOUND');
    expectError(await invoke(FunctionArn.replace(':default:', ':other:')), 'FUNCTION_NOT_FOUND');
  });

  it('that times out is answered by the platform in the words of AWS Lambda', async () => {
    const slow = await deploy({ source: `exports.handler = () => new Promise(() => {});`, timeoutSeconds: 1 });
    const answer = await invoke(slow, {}, TAIL);
    expect({ status: answer.status, error: answer.headers.get('x-easyfaas-function-error') }).toEqual({ status: 200, error: 'Unhandled' });
    const id = answer.headers.get('x-easyfaas-request-id');
    expect(answer.json()).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${id} Error: Task timed out after 1.00 seconds`,
    });
    expect(logTail(answer)).toMatch(/Task timed out after 1\.00 seconds/);
    await eventually(async () => {
      const record = (await call(`/v1/invocations/${id}`)).json<InvocationRecord>();
      expect(record).toMatchObject({ status: 'failed', errorType: 'Sandbox.Timedout' });
    }, 10_000);
  });
});

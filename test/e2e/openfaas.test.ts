import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../support/eventually';
import { expectError } from '../support/platform-error';
import { type Answer, call, deploy, makeKey, removeDeployments, stack } from '../support/stack';

afterAll(removeDeployments);

const basic = { Authorization: `Basic ${Buffer.from(`admin:${stack.key}`).toString('base64')}` };
const TEXT = { 'Content-Type': 'text/plain' };

describe('B10 the OpenFaaS dialect over the whole stack', () => {
  it.each([
    [
      'nodejs20',
      'exports.handler = async (event, { clientContext: { custom: { http } } }) => Buffer.from(`${http.method} ${http.path}?${http.query} ${event}`);',
    ],
    [
      'python3',
      "def handler(event, context):\n    http = context.client_context.custom['http']\n    return f\"{http['method']} {http['path']}?{http['query']} \".encode() + event",
    ],
  ] as const)('a function in %s sees body and request, and answers with bytes', async (runtime, source) => {
    const name = await deploy({ runtime, source });
    const body = Buffer.from([0x41, 0, 0xff]);
    const answer = await call(`/function/${name}.openfaas-fn/a/b?x=1`, { method: 'PUT', headers: { 'Content-Type': 'image/png' }, body });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
    expect(answer.bytes.subarray(0, 14).toString()).toBe('PUT /a/b?x=1 A');
    if (runtime === 'python3') expect(answer.bytes.subarray(-2)).toEqual(Buffer.from([0, 0xff]));
    expect(answer.headers.get('x-call-id')).toBe(answer.headers.get('x-easyfaas-request-id'));
  });

  it('JSON arrives parsed, and JSON that is none is refused', async () => {
    const name = await deploy({ source: 'exports.handler = async ({ n }) => ({ statusCode: 201, headers: { "X-N": n }, body: { n } });' });
    const json = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
    const answer = await call(`/function/${name}`, { ...json, body: '{"n":5}' });
    expect([answer.status, answer.headers.get('x-n'), answer.json()]).toEqual([201, '5', { n: 5 }]);
    expectError(await call(`/function/${name}`, { ...json, body: '{"n"' }), 'INVALID_JSON');
  });

  it('failures have statuses', async () => {
    const throws = await deploy({ source: 'exports.handler = async () => { throw new Error("inside"); };' });
    const hangs = await deploy({ source: 'exports.handler = () => new Promise(() => setInterval(() => {}, 1000));', timeoutSeconds: 1 });
    expectError(await call(`/function/${throws}`), 'FUNCTION_FAILED');
    expectError(await call(`/function/${hangs}`), 'FUNCTION_TIMEOUT');
    expectError(await call('/function/there-is-none'), 'FUNCTION_NOT_FOUND');
  });

  it('what faas-cli asks is answered to its HTTP Basic', async () => {
    const name = await deploy({ source: 'exports.handler = async () => { console.log("said this"); };' });
    expect((await call(`/function/${name}`, { key: null, headers: basic })).status).toBe(200);
    const shown = (await call(`/system/function/${name}`, { key: null, headers: basic })).json<Record<string, unknown>>();
    expect(shown).toMatchObject({ name, namespace: 'openfaas-fn', invocationCount: 1, replicas: 1, availableReplicas: 1 });
    const listed = (await call('/system/functions', { key: null, headers: basic })).json<{ name: string }[]>();
    expect(listed.map((each) => each.name)).toContain(name);
    await eventually(async () => {
      const { text } = await call(`/system/logs?name=${name}&tail=-1&follow=false`, { key: null, headers: basic });
      expect(text).toContain('said this');
    }, 10_000);
    expectError(await call('/system/functions', { key: null, method: 'POST', headers: basic, body: '{}' }), 'NOT_SUPPORTED');
    expectError(await call('/system/functions', { key: null }), 'UNAUTHORIZED');
  });

  it("shows and calls nothing of another account's", async () => {
    const name = await deploy({ source: 'exports.handler = async () => 1;' });
    const key = await makeKey('openfaas-other');
    expect((await call('/system/functions', { key })).json()).toEqual([]);
    for (const path of [`/function/${name}`, `/system/function/${name}`, `/system/logs?name=${name}`]) {
      expectError(await call(path, { key }), 'FUNCTION_NOT_FOUND');
    }
    expectError(await call(`/async-function/${name}`, { key, method: 'POST' }), 'FUNCTION_NOT_FOUND');
    const remove = { method: 'DELETE', body: JSON.stringify({ functionName: name }) };
    expectError(await call('/system/functions', { key, ...remove }), 'FUNCTION_NOT_FOUND');
    expect((await call('/system/functions', remove)).status).toBe(202);
  });

  it('events are accepted and run; private callback URLs are refused', async () => {
    const name = await deploy({ source: 'exports.handler = async (event) => `hello ${event}`;' });
    const send = (headers: Record<string, string>): Promise<Answer> =>
      call(`/async-function/${name}`, { method: 'POST', headers: { ...TEXT, ...headers }, body: 'Bob' });
    const answer = await send({});
    expect(answer.status).toBe(202);
    const callId = answer.headers.get('x-call-id') ?? '';
    await eventually(async () => {
      expect((await call(`/v1/invocations/${callId}`)).json()).toMatchObject({ status: 'succeeded', result: 'hello Bob' });
    }, 60_000);
    expectError(await send({ 'X-Callback-Url': 'http://127.0.0.1:6379/' }), 'URL_NOT_ALLOWED');
    expectError(await send({ 'X-Callback-Url': 'https://169.254.169.254/' }), 'URL_NOT_ALLOWED');
  });

  it('the result of an event goes to a callback URL that the operator allows', async () => {
    const name = await deploy({ source: 'exports.handler = async (event) => Buffer.from(`hello ${event}`);' });
    const seen: { headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        seen.push({ headers: request.headers, body });
        response.end();
      });
    });
    // The one address that the stack of the tests may call, see scripts/lib/test-stack.mjs.
    server.listen(0, '127.0.0.77');
    await once(server, 'listening');
    try {
      const url = `http://127.0.0.77:${(server.address() as AddressInfo).port}/done`;
      const answer = await call(`/async-function/${name}`, { method: 'POST', headers: { ...TEXT, 'X-Callback-Url': url }, body: 'Eve' });
      expect(answer.status).toBe(202);
      await eventually(() => expect(seen).toHaveLength(1), 60_000);
      expect(seen[0]).toMatchObject({
        body: 'hello Eve',
        headers: { 'x-call-id': answer.headers.get('x-call-id'), 'x-function-name': name, 'x-function-status': '200' },
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

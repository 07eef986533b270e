import { ServiceError } from '@easyfaas/service-kit';
import { keyIdOf } from '../src/auth/key-format';
import type { InvocationRequest, InvocationResult } from '../src/invoke/invoker';
import { startApi, type ApiUnderTest } from './api-under-test';
import { type Answer, type Client, clientOf, codeOf, jsonBody, messageOf } from './http-client';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

const SOURCE = { headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async (event) => event;' };

describeWithRedis('B10 the OpenFaaS dialect', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;
  let anyone: Client;
  let key: string;
  let sequence = 0;
  let seen: InvocationRequest[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    key = await api.adminKey();
    call = clientOf(api.url, key);
    anyone = clientOf(api.url);
  });

  beforeEach(() => {
    seen = [];
    answerWith(({ payload }) => ({ kind: 'success', contentType: 'text/plain', body: Buffer.concat([Buffer.from('got '), payload]) }));
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  type Ending = InvocationResult extends infer Each ? (Each extends InvocationResult ? Omit<Each, 'requestId' | 'stages'> : never) : never;

  function answerWith(ending: (request: InvocationRequest) => Ending): void {
    api.invoker.answer = (request) => {
      seen.push(request);
      return { ...ending(request), requestId: request.requestId, stages: { totalMs: 1 } };
    };
  }

  const deploy = async (): Promise<string> => {
    const name = `fn-${(sequence += 1)}`;
    expect((await call(`/v1/functions/${name}?Runtime=nodejs20&Handler=index.handler`, { method: 'POST', ...SOURCE })).status).toBe(201);
    return name;
  };
  const basic = (user: string, password: string): Record<string, string> => ({
    Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });
  const httpOf = (request: InvocationRequest | undefined): Record<string, unknown> =>
    (JSON.parse(request?.clientContext ?? '{}') as { custom: { http: Record<string, unknown> } }).custom.http;

  it('hands the body over as it is and tells the request in the client context', async () => {
    const answer = await call('/function/hello.openfaas-fn/a%20b/c?x=1&y=%26', {
      method: 'PUT',
      headers: { 'Content-Type': 'text/plain', 'X-Custom': 'yes' },
      body: 'Alice',
    });
    expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([200, 'got Alice', 'text/plain']);
    expect(seen[0]).toMatchObject({ accountId: 'default', functionName: 'hello', qualifier: '$LATEST', contentType: 'text/plain' });
    expect(seen[0]?.keyId).toBe(keyIdOf(key));
    expect(httpOf(seen[0])).toMatchObject({ method: 'PUT', path: '/a%20b/c', query: 'x=1&y=%26', headers: { 'x-custom': 'yes' } });
    expect(JSON.stringify(seen)).not.toContain(key);
    expect(answer.headers.get('x-call-id')).toBe(seen[0]?.requestId);
    expect(answer.headers.get('x-duration-seconds')).toMatch(/^\d+\.\d{6}$/);
    expect(answer.headers.get('x-start-time')).toMatch(/^\d{19}$/);
  });

  it.each(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'])('calls with %s and no body', async (method) => {
    expect((await call('/function/hello', { method })).status).toBe(200);
    expect([seen[0]?.contentType, seen[0]?.payload.length, httpOf(seen[0])]).toMatchObject([
      undefined,
      0,
      { method, path: '/', query: '' },
    ]);
  });

  it('takes the id that the caller gave', async () => {
    const answer = await call('/function/hello', { headers: { 'X-Call-Id': 'my-call-0001' } });
    expect([answer.headers.get('x-call-id'), answer.headers.get('x-easyfaas-request-id'), seen[0]?.requestId]).toEqual(
      Array(3).fill('my-call-0001'),
    );
  });

  it('answers with the status and headers that the function says, but for the own ones', async () => {
    const result = { statusCode: 201, headers: { 'X-A': 'b', 'X-Call-Id': 'forged' }, body: 'made' };
    answerWith(() => ({ kind: 'success', contentType: 'application/json', body: Buffer.from(JSON.stringify(result)) }));
    const answer = await call('/function/hello');
    expect([answer.status, answer.text, answer.headers.get('x-a'), answer.headers.get('x-call-id')]).toEqual([
      201,
      'made',
      'b',
      seen[0]?.requestId,
    ]);
  });

  it.each([
    ['Error', 502, 'FUNCTION_FAILED'],
    ['Sandbox.Timedout', 504, 'FUNCTION_TIMEOUT'],
    ['Runtime.ExitError', 502, 'FUNCTION_CRASHED'],
    ['Runtime.UnmarshalError', 400, 'INVALID_JSON'],
  ])('a function that fails with %s is answered %i', async (errorType, status, code) => {
    answerWith(() => ({ kind: 'function-error', errorType, body: Buffer.from('{"errorMessage":"inside"}') }));
    const answer = await call('/function/hello', { method: 'POST' });
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(answer.text).not.toContain('inside');
    expect(answer.headers.get('x-call-id')).toBe(seen[0]?.requestId);
  });

  it('answers 429 when throttled', async () => {
    answerWith(() => ({ kind: 'platform-error', error: new ServiceError('THROTTLED', 'full', { headers: { 'Retry-After': '1' } }) }));
    const answer = await call('/function/hello');
    expect([answer.status, codeOf(answer), answer.headers.get('retry-after')]).toEqual([429, 'THROTTLED', '1']);
  });

  it('knows one namespace, and no account but the own one', async () => {
    expect(codeOf(await call('/function/hello.other'))).toBe('FUNCTION_NOT_FOUND');
    expect(codeOf(await call('/function/other:function:hello'))).toBe('FUNCTION_NOT_FOUND');
    expect(codeOf(await call('/async-function/nobody', { method: 'POST' }))).toBe('FUNCTION_NOT_FOUND');
    expect(codeOf(await call('/system/function/nobody'))).toBe('FUNCTION_NOT_FOUND');
    expect(codeOf(await call('/function/he%20llo'))).toBe('INVALID_NAME');
    expect(seen).toEqual([]);
  });

  it('takes a key as Bearer or as the password of admin, and answers all else alike', async () => {
    expect((await anyone('/function/hello', { headers: basic('admin', key) })).status).toBe(200);
    expect(JSON.stringify(httpOf(seen[0]))).not.toContain(basic('admin', key)['Authorization']);
    expect((await anyone('/system/functions', { headers: basic('admin', key) })).status).toBe(200);
    const refused: Answer[] = [];
    for (const headers of [{}, basic('root', key), basic('admin', `${key}x`), basic('admin', ''), { Authorization: 'Basic !' }]) {
      refused.push(await anyone('/system/functions', { headers }));
    }
    expect(refused.map(codeOf)).toEqual(refused.map(() => 'UNAUTHORIZED'));
    expect(new Set(refused.map(messageOf)).size).toBe(1);
    expect(codeOf(await anyone('/v1/functions', { headers: basic('admin', key) }))).toBe('UNAUTHORIZED');
  });

  it('accepts an event with 202', async () => {
    const name = await deploy();
    const answer = await call(`/async-function/${name}/jobs?x=1`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: 'Bob',
    });
    const callId = answer.headers.get('x-call-id') ?? '';
    expect([answer.status, answer.text, answer.headers.get('location')]).toEqual([202, '', `/v1/invocations/${callId}`]);
    expect((await call(`/v1/invocations/${callId}`)).json<object>()).toMatchObject({
      functionName: name,
      payload: 'Bob',
      keyId: keyIdOf(key),
      status: 'accepted',
    });
    expect(codeOf(await call(`/async-function/${name}`))).toBe('METHOD_NOT_ALLOWED');
  });

  it.each(['http://127.0.0.1:9/', 'https://169.254.169.254/latest', 'https://localhost/x', 'file:///etc/passwd', 'nonsense'])(
    'refuses the callback URL %s',
    async (url) => {
      const name = await deploy();
      const answer = await call(`/async-function/${name}`, { method: 'POST', headers: { 'X-Callback-Url': url } });
      expect([answer.status, codeOf(answer)]).toEqual([400, 'URL_NOT_ALLOWED']);
      expect((await call(`/v1/invocations?function=${name}`)).json<{ invocations: unknown[] }>().invocations).toEqual([]);
    },
  );

  it('lists and deletes functions', async () => {
    const name = await deploy();
    const listed = (await call('/system/functions?namespace=openfaas-fn')).json<{ name: string }[]>();
    const shown = (await call(`/system/function/${name}?namespace=openfaas-fn&usage=1`)).json<{ name: string }>();
    expect(listed.find((each) => each.name === name)).toEqual(shown);
    expect(shown).toMatchObject({
      namespace: 'openfaas-fn',
      image: 'easyfaas/runtime-nodejs20',
      invocationCount: 0,
      replicas: 0,
      availableReplicas: 0,
      labels: {},
      createdAt: expect.stringMatching(/^\d{4}-/) as string,
    });
    expect((await call('/system/function/fn-1')).json<object>()).toMatchObject({ invocationCount: 7 });
    expect(codeOf(await call('/system/functions?namespace=other'))).toBe('VALIDATION_FAILED');
    const remove = { method: 'DELETE', ...jsonBody({ functionName: name, namespace: 'openfaas-fn' }) };
    expect((await call('/system/functions', remove)).status).toBe(202);
    expect(codeOf(await call('/system/functions', remove))).toBe('FUNCTION_NOT_FOUND');
    expect(codeOf(await call('/system/functions', { method: 'DELETE', ...jsonBody({}) }))).toBe('VALIDATION_FAILED');
  });

  it.each(['POST', 'PUT'])('says to %s of an image how to deploy', async (method) => {
    const answer = await call('/system/functions', { method, ...jsonBody({ service: 'x', image: 'y' }) });
    expect([answer.status, codeOf(answer)]).toEqual([501, 'NOT_SUPPORTED']);
    expect(messageOf(answer)).toContain('/v1/functions/');
  });

  it('keeps as many containers warm as replicas are asked for', async () => {
    const name = await deploy();
    const scale = (replicas: unknown): Promise<Answer> =>
      call(`/system/scale-function/${name}`, { method: 'POST', ...jsonBody({ serviceName: name, replicas }) });
    const kept = (): Promise<Answer> => call(`/v1/functions/${name}/provisioned-concurrency?Qualifier=$LATEST`);
    expect((await scale(2)).status).toBe(202);
    expect((await kept()).json<object>()).toMatchObject({ RequestedProvisionedConcurrentExecutions: 2 });
    expect([(await scale(0)).status, (await scale(0)).status]).toEqual([202, 202]);
    expect(codeOf(await kept())).toBe('PROVISIONED_NOT_FOUND');
    expect(codeOf(await scale('many'))).toBe('VALIDATION_FAILED');
  });

  it('tells what it is, and its namespace', async () => {
    expect((await call('/system/info')).json<object>()).toMatchObject({
      provider: { provider: 'easyfaas', version: { release: '1.2.3' } },
    });
    expect((await call('/system/namespaces')).json<string[]>()).toEqual(['openfaas-fn']);
    expect(codeOf(await call('/system/secrets'))).toBe('NOT_SUPPORTED');
  });

  it('tells the log line by line', async () => {
    const name = await deploy();
    const record = {
      accountId: 'default',
      functionName: name,
      version: '$LATEST',
      commitId: 'c',
      invokeType: 'RequestResponse',
      status: 'succeeded',
      httpStatus: 200,
      containerId: 'abc',
      stages: { totalMs: 1 },
      payloadBytes: 0,
      resultBytes: 0,
      startedAt: '2030-01-31T12:00:00.000Z',
    } as const;
    api.records.add({ ...record, requestId: 'first-call', logTail: 'one\ntwo\n' });
    api.records.add({ ...record, requestId: 'second-call', logTail: 'three\n' });
    const texts = async (query: string): Promise<string[]> => {
      const { text } = await call(`/system/logs?name=${name}&${query}`);
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { text: string }).text);
    };
    expect(await texts('tail=-1')).toEqual(['one', 'two', 'three']);
    expect(await texts('tail=2&follow=false&instance=abc')).toEqual(['two', 'three']);
    expect(await texts('tail=0')).toEqual([]);
    expect(await texts('instance=other')).toEqual([]);
    const [first] = (await call(`/system/logs?name=${name}`)).text.split('\n');
    expect(JSON.parse(first ?? '')).toEqual({
      name,
      namespace: 'openfaas-fn',
      instance: 'abc',
      timestamp: '2030-01-31T12:00:00.000Z',
      text: 'one',
    });
    expect(codeOf(await call('/system/logs?name=nobody'))).toBe('FUNCTION_NOT_FOUND');
  });
});

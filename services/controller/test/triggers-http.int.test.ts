import type { TriggerView } from '@easyfaas/contracts/wire';
import { keyIdOf } from '../src/auth/key-format';
import type { InvocationRequest } from '../src/invoke/invoker';
import { genericSignature } from '../src/triggers/web/signature';
import { startApi, type ApiUnderTest } from './api-under-test';
import { type Answer, type CallOptions, type Client, clientOf, codeOf, jsonBody } from './http-client';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

const SOURCE = { headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async (event) => event;' };

describeWithRedis('HTTP triggers', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;
  let anyone: Client;
  let sequence = 0;

  let usual: ApiUnderTest['invoker']['answer'];

  afterEach(() => {
    api.invoker.answer = usual;
  });

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    usual = api.invoker.answer;
    call = clientOf(api.url, await api.adminKey());
    anyone = clientOf(api.url);
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  /** A function of its own for each test. */
  const deploy = async (): Promise<string> => {
    const name = `fn-${(sequence += 1)}`;
    const answer = await call(`/v1/functions/${name}?Runtime=nodejs20&Handler=index.handler`, { method: 'POST', ...SOURCE });
    expect(answer.status).toBe(201);
    return name;
  };
  const trigger = async (FunctionName: string, Configuration: object, more: object = {}): Promise<TriggerView> => {
    const answer = await call('/v1/triggers', { method: 'POST', ...jsonBody({ Source: 'http', FunctionName, Configuration, ...more }) });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.json<TriggerView>();
  };
  type Event = Record<string, unknown> & { requestContext: { http: Record<string, string>; apiId: string } };
  const event = (answer: Answer): Event => {
    expect(answer.status).toBe(200);
    return answer.json<Event>();
  };

  it('B9 gives the function a request in the payload format 2.0', async () => {
    const name = await deploy();
    const { TriggerId, Details } = await trigger(name, { Path: '/orders/:id', Methods: ['POST'] });
    expect(Details['Url']).toBe(`/http/default/${name}/orders/:id`);
    const answer = await call(`/http/default/${name}/orders/a%20b?x=1&x=2&y=%26`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: 'a=1; b=2', 'X-Custom': 'yes' },
      body: '{"n":1}',
    });
    expect(event(answer)).toMatchObject({
      version: '2.0',
      routeKey: 'POST /orders/:id',
      rawPath: '/orders/a%20b',
      rawQueryString: 'x=1&x=2&y=%26',
      cookies: ['a=1', 'b=2'],
      queryStringParameters: { x: '1,2', y: '&' },
      pathParameters: { id: 'a b' },
      requestContext: { accountId: 'default', apiId: TriggerId, http: { method: 'POST', path: '/orders/a%20b', protocol: 'HTTP/1.1' } },
      body: '{"n":1}',
      isBase64Encoded: false,
    });
    const headers = event(answer)['headers'] as Record<string, string>;
    expect(headers['x-custom']).toBe('yes');
    expect([headers['authorization'], headers['cookie']]).toEqual([undefined, undefined]);
    expect(answer.headers.get('server-timing')).toContain('total;dur=');
  });

  it('passes a binary body on in base64 and sends a binary answer', async () => {
    const name = await deploy();
    await trigger(name, {});
    const bytes = Buffer.from([0, 255, 128, 10]);
    const sent = await call(`/http/default/${name}`, { method: 'PUT', headers: { 'Content-Type': 'image/png' }, body: bytes });
    expect(event(sent)).toMatchObject({ body: bytes.toString('base64'), isBase64Encoded: true });
    const broken = await call(`/http/default/${name}`, { method: 'PUT', headers: { 'Content-Type': 'text/plain' }, body: bytes });
    expect(event(broken)).toMatchObject({ isBase64Encoded: true });
  });

  it('answers with the status, headers and cookies that the function says', async () => {
    const name = await deploy();
    await trigger(name, {});
    const result = {
      statusCode: 418,
      headers: { 'X-A': 'b' },
      cookies: ['a=1', 'b=2'],
      body: Buffer.from('tea').toString('base64'),
      isBase64Encoded: true,
    };
    api.invoker.answer = ({ requestId }) => ({
      kind: 'success',
      requestId,
      stages: { totalMs: 1 },
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify(result)),
    });
    const answer = await call(`/http/default/${name}`);
    expect([answer.status, answer.text, answer.headers.get('x-a'), answer.headers.getSetCookie()]).toEqual([
      418,
      'tea',
      'b',
      ['a=1', 'b=2'],
    ]);
    const head = await call(`/http/default/${name}`, { method: 'HEAD' });
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([418, '', '3']);
    api.invoker.answer = ({ requestId }) => ({
      kind: 'function-error',
      requestId,
      stages: { totalMs: 1 },
      errorType: 'Sandbox.Timedout',
      body: Buffer.from('secret stack'),
    });
    const failed = await call(`/http/default/${name}`);
    expect([failed.status, codeOf(failed), failed.headers.get('x-easyfaas-function-error')]).toEqual([
      504,
      'FUNCTION_TIMEOUT',
      'Unhandled',
    ]);
    expect(failed.text).not.toContain('secret stack');
  });

  it('B7 has its own id and that of the key in what is written down about a call', async () => {
    const name = await deploy();
    const seen: InvocationRequest[] = [];
    api.invoker.answer = (request) => {
      seen.push(request);
      return usual(request);
    };
    await call(`/http/default/${name}`);
    const { TriggerId } = await trigger(name, {});
    await call(`/http/default/${name}`);
    const open = await deploy();
    const { TriggerId: openId } = await trigger(open, { Auth: 'none' });
    await anyone(`/http/default/${open}`);
    const keyId = keyIdOf(await api.adminKey());
    expect(seen.map((request) => [request.keyId, request.source])).toEqual([
      [keyId, undefined],
      [keyId, `trigger:${TriggerId}`],
      [undefined, `trigger:${openId}`],
    ]);
  });

  it('serves a function without triggers to who may call it, and only its triggers once it has some', async () => {
    const name = await deploy();
    expect(event(await call(`/http/default/${name}/a/b`))).toMatchObject({ rawPath: '/a/b', routeKey: '$default' });
    expect(event(await call(`/http/default/${name}:$LATEST`))).toMatchObject({ rawPath: '/' });
    const { TriggerId } = await trigger(name, { Path: '/only', Methods: ['GET'] });
    expect((await call(`/http/default/${name}/only`)).status).toBe(200);
    expect(codeOf(await call(`/http/default/${name}/a/b`))).toBe('ROUTE_NOT_FOUND');
    const wrongMethod = await call(`/http/default/${name}/only`, { method: 'POST' });
    expect([codeOf(wrongMethod), wrongMethod.headers.get('allow')]).toEqual(['METHOD_NOT_ALLOWED', 'GET']);
    await call(`/v1/triggers/${TriggerId}/pause`, { method: 'POST' });
    expect(codeOf(await call(`/http/default/${name}/only`))).toBe('TRIGGER_PAUSED');
  });

  it('serves patterns of the account', async () => {
    const name = await deploy();
    await trigger(name, { Base: 'account', Path: '/shop/:item', Auth: 'none' });
    expect(event(await anyone('/http/default/shop/5'))).toMatchObject({ rawPath: '/shop/5', pathParameters: { item: '5' } });
  });

  it("T2 tells who has no key, or another account's, nothing", async () => {
    const name = await deploy();
    await trigger(name, { Path: '/a' });
    const { Key } = (await call('/v1/keys', { method: 'POST', ...jsonBody({ AccountId: 'web-tenant' }) })).json<{ Key: string }>();
    const { Key: reader } = (await call('/v1/keys', { method: 'POST', ...jsonBody({ Scopes: ['read'] }) })).json<{ Key: string }>();
    for (const path of [
      `/http/default/${name}/a`,
      `/http/default/${name}/b`,
      '/http/default/nothing',
      '/http/nobody/x',
      '/http',
      '/http/-',
    ]) {
      expect([path, codeOf(await anyone(path))]).toEqual([path, 'UNAUTHORIZED']);
      expect([path, codeOf(await call(path, { key: Key }))]).toEqual([path, 'ROUTE_NOT_FOUND']);
      expect([path, codeOf(await call(path, { key: reader }))]).toEqual([path, 'FORBIDDEN']);
    }
  });

  it('T28 lets those in who sign with the secret, once per signature', async () => {
    const name = await deploy();
    await trigger(name, { Auth: 'hmac' }, { Secrets: { HmacSecret: 'shared' } });
    const nowS = Math.floor(Date.now() / 1000);
    const send = (signature: string | undefined, body = 'hello'): Promise<Answer> =>
      anyone(`/http/default/${name}`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain', ...(signature === undefined ? {} : { 'X-Easyfaas-Signature': signature }) },
        body,
      });
    const good = genericSignature('shared', 'hello', nowS);
    expect(event(await send(good))).toMatchObject({ body: 'hello' });
    const refused = await Promise.all([
      send(good),
      send(undefined),
      send(genericSignature('wrong', 'hello', nowS)),
      send(genericSignature('shared', 'other', nowS)),
      send(genericSignature('shared', 'hello', nowS - 301)),
      send(`t=${nowS},v1=zz`),
    ]);
    expect(refused.map(codeOf)).toEqual(refused.map(() => 'UNAUTHORIZED'));
    const texts = refused.map(({ text }) => text.replace(/"requestId":"[^"]+"/, ''));
    expect(new Set(texts).size).toBe(1);
  });

  it('limits the rate of a trigger without a key', async () => {
    const name = await deploy();
    const { TriggerId } = await trigger(name, { Auth: 'none', RateLimit: { RequestsPerSecond: 0.1, Burst: 2 } });
    expect([(await anyone(`/http/default/${name}`)).status, (await anyone(`/http/default/${name}`)).status]).toEqual([200, 200]);
    const answer = await anyone(`/http/default/${name}`);
    expect([codeOf(answer), answer.headers.get('reason')]).toEqual(['THROTTLED', 'TriggerRateExceeded']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await call(`/v1/triggers/${TriggerId}`)).json<TriggerView>().Counters).toMatchObject({ Received: 2, Accepted: 2 });
    expect((await trigger(await deploy(), { Auth: 'none' })).Configuration['RateLimit']).toEqual({ RequestsPerSecond: 50, Burst: 100 });
  });

  it('answers preflights and other origins as its CORS rules say', async () => {
    const [open, shut] = [await deploy(), await deploy()];
    await trigger(open, {
      Cors: {
        AllowOrigins: ['https://shop.test'],
        AllowMethods: ['GET', 'POST'],
        AllowHeaders: ['X-A'],
        AllowCredentials: true,
        MaxAgeSeconds: 60,
      },
    });
    await trigger(shut, {});
    const preflight = (name: string, origin: string): Promise<Answer> =>
      anyone(`/http/default/${name}`, { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' } });
    const allowed = await preflight(open, 'https://shop.test');
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries([...allowed.headers].filter(([name]) => name.startsWith('access-control')))).toEqual({
      'access-control-allow-origin': 'https://shop.test',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'X-A',
      'access-control-max-age': '60',
    });
    const options: CallOptions = { headers: { Origin: 'https://shop.test' } };
    const served = await call(`/http/default/${open}`, options);
    expect([served.status, served.headers.get('access-control-allow-origin')]).toEqual([200, 'https://shop.test']);
    const refused = await anyone(`/http/default/${open}`, options);
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'https://shop.test']);
    for (const answer of [
      await preflight(open, 'https://evil.test'),
      await preflight(shut, 'https://shop.test'),
      await call(`/http/default/${shut}`, options),
    ]) {
      expect([codeOf(answer), answer.headers.get('access-control-allow-origin')]).toEqual(['FORBIDDEN', null]);
    }
  });

  it.each(['/http/default//x', '/http/default/./x', '/http/default/../x', '/http/default/a%2fb', '/http/default/%ff'])(
    'T3 has no other way in: %s',
    async (path) => {
      const { status } = await new Promise<{ status: number }>((resolve, reject) => {
        import('node:http')
          .then(({ get }) =>
            get({ port: api.port, host: '127.0.0.1', path }, (response) => resolve({ status: response.statusCode ?? 0 })).on(
              'error',
              reject,
            ),
          )
          .catch(reject);
      });
      expect([400, 401, 404]).toContain(status);
    },
  );

  it('refuses a body over the limit, and one whose event would be', async () => {
    const name = await deploy();
    await trigger(name, { Auth: 'none' });
    const send = (bytes: number): Promise<Answer> =>
      anyone(`/http/default/${name}`, { method: 'POST', headers: { 'Content-Type': 'image/png' }, body: Buffer.alloc(bytes, 255) });
    expect(codeOf(await send(6 * 1024 * 1024 + 1))).toBe('PAYLOAD_TOO_LARGE');
    expect(codeOf(await send(5 * 1024 * 1024))).toBe('PAYLOAD_TOO_LARGE');
    expect((await send(4 * 1024 * 1024)).status).toBe(200);
  });
});

import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { CreatedKey, InvocationRecord } from '@easyfaas/contracts/wire';
import type { StoredKey } from '../src/auth/key-store';
import { openapiPath, operations } from '../src/http/openapi/openapi-document';
import { ROUTE_POLICIES, UNSUPPORTED_ROUTES, type RoutePolicy } from '../src/http/route-policy';
import { CONTAINER, startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, codeOf, jsonBody, messageOf, type Client } from './http-client';
import { connectTo, describeWithRedis, startRedis, type TestRedis } from './redis-server';

const GUARDED = ROUTE_POLICIES.filter(({ action, isHotPath }) => isHotPath !== true && action !== 'public' && action !== 'trigger');
const SOURCE = { method: 'POST', headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async () => 1;' };

/** Bodies with which a request would do something, by the end of the path. */
const BODIES: Record<string, object> = {
  'put code': { ZipFile: 'UEs=' },
  'put configuration': { Timeout: 5 },
  'put tags': { Tags: { a: 'b' } },
  'post tags': { Tags: { a: 'b' } },
  'put concurrency': { ReservedConcurrentExecutions: 1 },
  'put provisioned-concurrency': { ProvisionedConcurrentExecutions: 1 },
  'put event-invoke-config': { MaximumRetryAttempts: 1 },
  'put :alias': { FunctionVersion: '1' },
  'put :secret': { Value: 'x' },
  'put :triggerId': { Enabled: false },
  'post aliases': { Name: 'more', FunctionVersion: '1' },
  'post redrive': { all: true },
  'post versions': {},
  'post :name': { replicas: 1 },
};

/** These answer what the caller makes or has, whatever the other account has under that name. */
const OWN_BY_NAME = ['post /v1/functions/:id', 'post /v1/layers/:layer/versions', 'get /v1/layers/:layer/versions'];

/** Of a function that is not there: a body that is refused first, or nothing to list. */
const SAYS_ELSE = /\/(code|replay|dead-letters|redrive)$|^delete .*\/tags$/;

interface Names {
  name: string;
  alias: string;
  triggerId: string;
  requestId: string;
}

describeWithRedis('every route', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;
  let theirs: Names;
  const missing: Names = { name: 'none', alias: 'gone', triggerId: 'abcdefgh12345678', requestId: randomUUID() };

  const makeKey = async (body: object): Promise<CreatedKey> => {
    const answer = await call('/v1/keys', { method: 'POST', ...jsonBody(body) });
    expect(answer.status).toBe(201);
    return answer.json<CreatedKey>();
  };

  const pathOf = (path: string, { name, alias, triggerId, requestId }: Names): string =>
    path
      .replace(/\{\/\*\w+\}/, '/x')
      .replace('{/}', '')
      .replace(':triggerId', triggerId)
      .replace(':requestId', requestId)
      .replace(':containerId', CONTAINER.containerId)
      .replace(':alias', alias)
      .replace(':version', '1')
      .replace(':secret', 'TOKEN')
      .replace(/:(id|name|layer|keyId)\b/, name);

  const send = ({ method, path }: RoutePolicy, names: Names, key: string): ReturnType<Client> => {
    const body = BODIES[`${method} ${path.split('/').at(-1)}`];
    return call(pathOf(path, names), { method: method.toUpperCase(), key, ...(body === undefined ? {} : jsonBody(body)) });
  };

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
    const requestId = randomUUID();
    const cron = { Source: 'cron', FunctionName: 'mine', Configuration: { Schedule: 'rate(1 hour)' }, Enabled: false };
    const made = [
      await call('/v1/functions/mine', SOURCE),
      await call('/v1/functions/mine/versions', { method: 'POST', ...jsonBody({}) }),
      await call('/v1/functions/mine/aliases', { method: 'POST', ...jsonBody({ Name: 'live', FunctionVersion: '1' }) }),
      await call('/v1/functions/mine/secrets/TOKEN', { method: 'PUT', ...jsonBody({ Value: 'planted' }) }),
      await call('/v1/functions/mine/event-invoke-config', { method: 'PUT', ...jsonBody({ MaximumRetryAttempts: 0 }) }),
      await call('/v1/functions/mine/concurrency', { method: 'PUT', ...jsonBody({ ReservedConcurrentExecutions: 3 }) }),
      await call('/v1/triggers', { method: 'POST', ...jsonBody(cron) }),
    ];
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 200, 200, 200, 201]);
    theirs = { name: 'mine', alias: 'live', triggerId: made.at(-1)?.json<{ TriggerId: string }>().TriggerId ?? '', requestId };
    api.records.add(recordOf(requestId));
    await eventually(async () => expect((await call(`/v1/invocations/${requestId}`)).status).toBe(200), 10_000);
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  describe('with a key', () => {
    let sources = 0;

    /** Status and code for a key, from a client of its own: wrong keys are counted by address. */
    const knock = ({ method, path }: RoutePolicy, key: string | undefined): Promise<{ status: number; text: string }> => {
      sources += 1;
      const options = {
        method: method.toUpperCase(),
        localAddress: `127.1.${sources >> 8}.${sources & 255}`,
        headers: key === undefined ? {} : { Authorization: `Bearer ${key}` },
        agent: false,
      } as const;
      return new Promise((resolve, reject) => {
        httpRequest(`${api.url}${pathOf(path, missing)}`, options, (response) => {
          response
            .toArray()
            .then((chunks) => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks as Buffer[]).toString() }))
            .catch(reject);
        })
          .on('error', reject)
          .end();
      });
    };

    const bad: Record<string, string | undefined> = { no: undefined };
    let poor: string;
    let poorer: string;

    const expire = async (keyId: string): Promise<void> => {
      const { redis: connection, close } = await connectTo(redis);
      const doc = JSON.parse((await connection.hget(`${redis.prefix}:keys`, keyId)) ?? '') as StoredKey;
      await connection.hset(`${redis.prefix}:keys`, keyId, JSON.stringify({ ...doc, expiresAt: '2020-01-01T00:00:00Z' }));
      close();
    };

    beforeAll(async () => {
      const [wrong, revoked, expired, rotated] = await Promise.all([
        makeKey({}),
        makeKey({}),
        makeKey({ ExpiresAt: '2999-01-01T00:00:00Z' }),
        makeKey({}),
      ]);
      bad['a wrong'] = `${wrong.Key.slice(0, -2)}zz`;
      bad['a revoked'] = revoked.Key;
      bad['an expired'] = expired.Key;
      bad['a replaced'] = rotated.Key;
      await expire(expired.KeyId);
      await call(`/v1/keys/${revoked.KeyId}`, { method: 'DELETE' });
      await call(`/v1/keys/${rotated.KeyId}/rotate`, { method: 'POST', ...jsonBody({ GraceSeconds: 0 }) });
      await eventually(async () => {
        for (const key of Object.values(bad))
          expect((await knock({ method: 'get', path: '/v1/functions', action: 'any' as never }, key)).status).toBe(401);
      }, 10_000);
      poor = (await makeKey({ Scopes: ['function:read'] })).Key;
      poorer = (await makeKey({ Scopes: ['trigger:read'] })).Key;
    });

    it.each(['no', 'a wrong', 'a revoked', 'an expired', 'a replaced'])('T1 lets nobody in who brings %s key', async (kind) => {
      const texts = new Set<string>();
      for (const policy of GUARDED) {
        const { status, text } = await knock(policy, bad[kind]);
        // Lambda's paths answer in the words of AWS.
        expect([policy.path, status]).toEqual([policy.path, policy.signedBodyBytes === undefined ? 401 : 403]);
        if (policy.method !== 'head' && policy.signedBodyBytes === undefined) texts.add(text.replace(/[0-9a-f-]{36}/, ''));
      }
      expect(texts.size).toBe(1);
      expect([...texts][0]).toContain('"UNAUTHORIZED"');
    });

    it('T2 refuses a key whose scopes are for something else', async () => {
      for (const policy of GUARDED) {
        const { status } = await knock(policy, policy.action === 'function:read' ? poorer : poor);
        expect([policy.method, policy.path, status]).toEqual([policy.method, policy.path, 403]);
      }
    });

    it('is public only where that is meant, and what is not there says so to who has a key', async () => {
      for (const { path, action } of ROUTE_POLICIES) {
        if (action !== 'public') continue;
        const concrete = path.replace('{/}', '').replace(':file', 'app-ABCDEFGH.js');
        expect([path, (await clientOf(api.url)(concrete)).status]).toEqual([path, 200]);
      }
      for (const { path, signedBodyBytes } of UNSUPPORTED_ROUTES) {
        if (signedBodyBytes !== undefined) continue;
        const concrete = pathOf(path, missing);
        expect(codeOf(await clientOf(api.url)(concrete))).toBe('UNAUTHORIZED');
        for (const method of ['GET', 'POST']) expect(codeOf(await call(concrete, { method }))).toBe('NOT_SUPPORTED');
      }
    });
  });

  it('T2 answers alike for what another account has and for what nobody has, and leaves it alone', async () => {
    const { Key } = await makeKey({ AccountId: 'other', Scopes: ['deploy'] });
    const mend = (text: string, names: Names): string =>
      Object.values(names)
        .reduce<string>((mended, name: string) => mended.replaceAll(name, 'IT'), text)
        .replace(/[0-9a-f-]{36}/g, 'ID');
    for (const policy of GUARDED) {
      const { method, path, isCall, resource } = policy;
      if (isCall === true || resource === 'none' || OWN_BY_NAME.includes(`${method} ${path}`)) continue;
      const [foreign, nothing] = [await send(policy, theirs, Key), await send(policy, missing, Key)];
      const route = `${method} ${path}`;
      expect([route, foreign.status, mend(foreign.text, theirs)]).toEqual([route, nothing.status, mend(nothing.text, missing)]);
      expect(foreign.text).not.toContain('planted');
      const isOfAccount = resource !== undefined && resource !== 'handler' && policy.signedBodyBytes === undefined;
      if (isOfAccount && !SAYS_ELSE.test(route)) expect([route, foreign.status]).toEqual([route, 404]);
    }
    const before = await call('/v1/functions/mine');
    expect(before.json()).toMatchObject({ Configuration: { Timeout: 3 }, Concurrency: { ReservedConcurrentExecutions: 3 } });
    for (const path of ['aliases/live', 'secrets/TOKEN', 'event-invoke-config']) {
      expect((await call(`/v1/functions/mine/${path}`)).status).toBe(200);
    }
    expect((await call(`/v1/triggers/${theirs.triggerId}`)).status).toBe(200);
    expect((await call('/v1/functions', { key: Key })).json()).toEqual({ Functions: [] });
  });

  it('takes the query that the OpenAPI document says, and no other', async () => {
    const { paths } = (await call('/v1/openapi.json')).json<{
      paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>;
    }>();
    const described = operations();
    for (const { method, path } of GUARDED.filter((policy) => `${policy.method} ${policy.path}` in described)) {
      const inQuery = paths[openapiPath(path)]?.[method]?.parameters?.filter((each) => each.in === 'query').map(({ name }) => name) ?? [];
      const answer = await call(`${pathOf(path, method === 'get' ? theirs : missing)}?zzz=1`, { method: method.toUpperCase() });
      expect([path, codeOf(answer)]).toEqual([path, 'VALIDATION_FAILED']);
      const taken = /allowed are ([\w, ]+)/.exec(messageOf(answer))?.[1]?.split(', ') ?? [];
      expect([method, path, [...taken].sort()]).toEqual([method, path, [...inQuery].sort()]);
    }
  });

  it.each(['/v1/pool', `/v1/pool/${CONTAINER.containerId}`, '/v1/keys', '/metrics'])('B52 %s is for operators only', async (path) => {
    const { Key } = await makeKey({ AccountId: 'tenant' });
    expect(codeOf(await call(path, { key: Key }))).toBe('FORBIDDEN');
    expect((await call(path)).status).toBe(200);
  });

  it.each([
    ['read', [200, 403, 403, 200]],
    ['invoke', [403, 403, 403, 403]],
    ['deploy', [200, 404, 403, 200]],
    ['admin', [200, 404, 200, 200]],
  ])('B52 gives a key with the scope %s of the default account %j', async (scope, expected) => {
    const { Key } = await makeKey({ Scopes: [scope] });
    const statuses = [
      await call('/v1/functions', { key: Key }),
      await call('/v1/functions/nothing', { key: Key, method: 'DELETE' }),
      await call('/v1/pool', { key: Key }),
      await call('/v1/invocations', { key: Key }),
    ].map(({ status }) => status);
    expect(statuses).toEqual(expected);
  });

  describe('with a key for some functions', () => {
    let key: string;
    const own: Names = { name: 'else-1', alias: 'live', triggerId: '', requestId: randomUUID() };

    beforeAll(async () => {
      key = (await makeKey({ Scopes: ['deploy'], Functions: ['else-*'] })).Key;
      expect((await call('/v1/functions/else-1', { ...SOURCE, key })).status).toBe(201);
      const cron = { Source: 'cron', FunctionName: 'else-1', Configuration: { Schedule: 'rate(1 hour)' }, Enabled: false };
      const made = await call('/v1/triggers', { method: 'POST', key, ...jsonBody(cron) });
      own.triggerId = made.json<{ TriggerId: string }>().TriggerId;
      api.records.add({ ...recordOf(own.requestId), functionName: 'else-1' });
      await eventually(async () => expect((await call(`/v1/invocations/${own.requestId}`)).status).toBe(200), 10_000);
    });

    it('refuses other functions and what belongs to the account, alike whether it exists or not', async () => {
      for (const policy of GUARDED) {
        const { resource, path, method } = policy;
        if (resource === 'none' || resource === 'handler') continue;
        const expected = resource === 'trigger' || resource === 'invocation' ? 404 : 403;
        for (const names of [theirs, missing]) {
          expect([method, path, (await send(policy, names, key)).status]).toEqual([method, path, expected]);
        }
      }
      expect((await call('/v1/functions/mine')).status).toBe(200);
      expect((await call(`/v1/triggers/${theirs.triggerId}`)).status).toBe(200);
    });

    it('shows of lists only what is its own', async () => {
      const names = (text: string): boolean => text.includes('mine');
      for (const path of ['/v1/functions', '/system/functions']) {
        const { text } = await call(path, { key });
        expect([names(text), text.includes('else-1')]).toEqual([false, true]);
      }
      expect(codeOf(await call('/v1/invocations', { key }))).toBe('FORBIDDEN');
      expect(codeOf(await call('/v1/invocations?function=mine', { key }))).toBe('FORBIDDEN');
      expect((await call('/v1/invocations?function=else-1', { key })).text).toContain(own.requestId);
      for (const path of ['/v1/functions/else-1', `/v1/triggers/${own.triggerId}`, `/v1/invocations/${own.requestId}`, '/v1/runtimes']) {
        expect([path, (await call(path, { key })).status]).toEqual([path, 200]);
      }
    });

    it('cannot have another function called for it', async () => {
      const cron = { Source: 'cron', FunctionName: 'mine', Configuration: { Schedule: 'rate(1 hour)' } };
      const config = { DestinationConfig: { OnSuccess: { Destination: 'mine' } } };
      const answers = [
        await call('/v1/triggers', { method: 'POST', key, ...jsonBody(cron) }),
        await call(`/v1/triggers/${own.triggerId}`, { method: 'PUT', key, ...jsonBody({ FunctionName: 'mine' }) }),
        await call('/v1/functions/else-1/event-invoke-config', { method: 'PUT', key, ...jsonBody(config) }),
        await call('/system/functions', { method: 'DELETE', key, ...jsonBody({ functionName: 'mine' }) }),
        await call('/system/logs?name=mine', { key }),
        await call('/http/default/mine', { key }),
      ];
      expect(answers.map(codeOf)).toEqual(answers.map(() => 'FORBIDDEN'));
    });
  });
});

function recordOf(requestId: string): InvocationRecord {
  return {
    requestId,
    accountId: 'default',
    functionName: 'mine',
    version: '$LATEST',
    commitId: 'c',
    invokeType: 'RequestResponse',
    status: 'succeeded',
    httpStatus: 200,
    startedAt: new Date().toISOString(),
    stages: { totalMs: 1 },
    payloadBytes: 0,
    resultBytes: 0,
  };
}

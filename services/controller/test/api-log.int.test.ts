import type { CreatedKey } from '@easyfaas/contracts/wire';
import { silentLogger, type Logger } from '@easyfaas/service-kit';
import { startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, jsonBody, type Client } from './http-client';
import { connectTo, describeWithRedis, startRedis, type TestRedis } from './redis-server';

interface Line {
  message: string;
  fields: Record<string, unknown>;
}

describeWithRedis('what the API leaves behind', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;
  const lines: Line[] = [];

  beforeAll(async () => {
    const write = (message: string, fields: Record<string, unknown> = {}): void => void lines.push({ message, fields });
    const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => ({ ...silentLogger(), ...logger }) };
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix, logger });
    call = clientOf(api.url, await api.adminKey());
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  it('is one log line per control action: who, what, on what, outcome', async () => {
    const headers = { 'Content-Type': 'text/javascript', 'X-Easyfaas-Request-Id': 'audited-request' };
    await call('/v1/functions/audited', { method: 'POST', headers, body: 'exports.handler = async () => 1;' });
    await call('/v1/functions/audited');
    const { KeyId, Key } = (await call('/v1/keys', { method: 'POST', ...jsonBody({ Scopes: ['read'] }) })).json<CreatedKey>();
    await call('/v1/functions/audited?why=hidden', { method: 'DELETE', key: Key });
    await call('/v1/functions/audited', { method: 'DELETE', key: 'wrong' });
    const done = { accountId: 'default', keyId: api.adminKeyId(), method: 'POST', outcome: 'done', status: 201 };
    await eventually(() => {
      const actions = lines.filter(({ message }) => message === 'control action').map(({ fields }) => fields);
      const functionWrite = { action: 'function:write', path: '/v1/functions/audited' };
      expect(actions).toEqual([
        { ...done, ...functionWrite, requestId: 'audited-request' },
        { ...done, action: 'key:write', path: '/v1/keys', actedOn: `key:${KeyId}`, requestId: expect.any(String) as string },
        {
          ...done,
          ...functionWrite,
          method: 'DELETE',
          keyId: KeyId,
          outcome: 'refused',
          status: 403,
          errorCode: 'FORBIDDEN',
          requestId: expect.any(String) as string,
        },
      ]);
    }, 5000);
  });

  it('T25 is no key and no value of an environment, in the log, and no key in Redis', async () => {
    const made = await call('/v1/keys', { method: 'POST', ...jsonBody({ Description: 'planted' }) });
    const { Key } = made.json<{ Key: string }>();
    const source = { method: 'POST', headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async () => 1;' };
    await call('/v1/functions/secretive', source);
    const secret = 'hunter2-planted';
    for (const variables of [{ A: secret }, { PATH: secret }, { A: `${secret}\0` }, { 'bad name': secret }, { A: secret.repeat(1000) }]) {
      const answer = await call('/v1/functions/secretive/configuration', {
        method: 'PUT',
        ...jsonBody({ Environment: { Variables: variables } }),
      });
      expect(answer.text).not.toContain(secret);
    }
    await clientOf(api.url)('/v1/functions', { key: `${Key.slice(0, -1)}?` });
    const log = JSON.stringify(lines);
    expect(log).not.toContain(secret);
    for (const credential of [Key, await api.adminKey()]) expect(log).not.toContain(credential.slice(-43));
    const { redis: connection, close } = await connectTo(redis);
    const keys = JSON.stringify(await connection.hgetall(`${redis.prefix}:keys`));
    close();
    expect(keys).toContain('planted');
    expect(keys).not.toContain(Key.slice(-43));
  });

  it('T32 is no stack and no path in an answer when the inside breaks, but in the log under the request id', async () => {
    const { redis: connection, close } = await connectTo(redis);
    await connection.hset(`${redis.prefix}:function:default:broken`, 'doc', '{"not":"a function"}');
    close();
    const answer = await call('/v1/functions/broken', { headers: { 'X-Easyfaas-Request-Id': 'broken-request' } });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/\bat .*\(|node_modules|\.ts|Schema/);
    expect(lines.filter(({ message, fields }) => message === 'request failed' && fields['requestId'] === 'broken-request')).toHaveLength(1);
  });
});

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger, type Logger } from '@easyfaas/service-kit';
import { startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, codeOf, jsonBody, type Answer, type Client } from './http-client';
import { describeWithPrivateRedis, startPrivateRedis, type PrivateRedis } from './redis-server';

const VALUE = 'hunter2-planted';

describeWithPrivateRedis('secrets over the API', () => {
  let redis: PrivateRedis;
  let api: ApiUnderTest;
  let call: Client;
  const logged: string[] = [];

  beforeAll(async () => {
    const write = (message: string, fields: object = {}): void => void logged.push(JSON.stringify({ message, ...fields }));
    const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => ({ ...silentLogger(), ...logger }) };
    redis = await startPrivateRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix, logger });
    call = clientOf(api.url, await api.adminKey());
    await call('/v1/functions/f', {
      method: 'POST',
      headers: { 'Content-Type': 'text/javascript' },
      body: 'exports.handler = async () => 1;',
    });
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  const put = (name: string, body: unknown): Promise<Answer> =>
    call(`/v1/functions/f/secrets/${name}`, { method: 'PUT', ...jsonBody(body) });

  it('T25 T26 go in and are found nowhere: no answer, no log line, nothing in Redis or its append-only file', async () => {
    const { redis: connection } = api.client;
    await connection.config('SET', 'appendonly', 'yes');
    const answers: Answer[] = [];
    const keep = async (answer: Promise<Answer>): Promise<void> => void answers.push(await answer);
    await keep(put('DB_PASSWORD', { Value: VALUE }));
    await keep(put('DB_PASSWORD', { Value: VALUE, Unknown: VALUE }));
    await keep(put('PATH', { Value: VALUE }));
    await keep(put('A', { Value: [VALUE] }));
    await keep(put('A', { Value: `${VALUE}\0` }));
    await keep(put('A', { Value: VALUE.repeat(10_000) }));
    await keep(put('A', `{"Value":"${VALUE}`));
    await keep(call('/v1/functions/f/versions', { method: 'POST' }));
    for (const path of [
      '/v1/functions',
      '/v1/functions/f',
      '/v1/functions/f:1',
      '/v1/functions/f/configuration',
      '/v1/functions/f/secrets',
      '/v1/functions/f/secrets/DB_PASSWORD',
    ]) {
      await keep(call(path));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 400, 400, 400, 400, 201, 200, 200, 200, 200, 200, 200]);
    for (const { text } of answers) expect(text).not.toContain(VALUE);
    expect(logged.join('\n')).not.toContain(VALUE);
    const [, directory = ''] = await connection.config('GET', 'dir');
    await eventually(() => {
      const file = filesUnder(directory)
        .map((path) => readFileSync(path, 'latin1'))
        .join('');
      expect(file).toContain('DB_PASSWORD');
      expect(file).not.toContain(VALUE);
    }, 20_000);
  });

  it('are listed, read and deleted by name', async () => {
    expect((await put('TOKEN', { Value: 'x' })).json()).toEqual({ Name: 'TOKEN', LastModified: expect.any(String) as string });
    const { Secrets } = (await call('/v1/functions/f/secrets')).json<{ Secrets: { Name: string }[] }>();
    expect(Secrets.map(({ Name }) => Name)).toContain('TOKEN');
    expect((await call('/v1/functions/f/secrets/TOKEN', { method: 'DELETE' })).status).toBe(204);
    expect(codeOf(await call('/v1/functions/f/secrets/TOKEN'))).toBe('SECRET_NOT_FOUND');
  });

  it('T26 are out of reach of other accounts and of keys that may only read or invoke', async () => {
    const keyOf = async (body: object): Promise<string> =>
      (await call('/v1/keys', { method: 'POST', ...jsonBody(body) })).json<{ Key: string }>().Key;
    const tenant = await keyOf({ AccountId: 'tenant' });
    const reader = await keyOf({ Scopes: ['read'] });
    const invoker = await keyOf({ Scopes: ['invoke'] });
    const path = '/v1/functions/f/secrets/DB_PASSWORD';
    expect(codeOf(await call(path, { key: tenant }))).toBe('FUNCTION_NOT_FOUND');
    expect(codeOf(await call(path, { key: reader, method: 'PUT', ...jsonBody({ Value: 'x' }) }))).toBe('FORBIDDEN');
    expect(codeOf(await call(path, { key: invoker }))).toBe('FORBIDDEN');
    expect(codeOf(await call('/v1/functions/f/secrets/..%2Fx', { method: 'PUT', ...jsonBody({ Value: 'x' }) }))).not.toBe('INTERNAL');
  });
});

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LATEST } from '../src/functions/function-name';
import { startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, codeOf, type Client } from './http-client';
import { describeWithPrivateRedis, startPrivateRedis, type PrivateRedis } from './redis-server';

const SOURCE = { method: 'POST', headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async () => 1;' };

describeWithPrivateRedis('the front half while Redis is away', () => {
  let redis: PrivateRedis;
  let api: ApiUnderTest;
  let call: Client;

  beforeEach(async () => {
    redis = await startPrivateRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
  });

  afterEach(async () => {
    await api.stop();
    await redis.stop();
  });

  it('F6 says so in /readyz, refuses changes quickly, keeps known keys and functions, and recovers by itself', async () => {
    await call('/v1/functions/known', SOURCE);
    await api.directory.find('default', 'known', LATEST);
    await redis.kill();
    await eventually(async () => expect((await call('/readyz')).status).toBe(503), 15_000);
    expect((await call('/readyz')).text).toMatch(/Redis/);
    expect((await call('/healthz')).status).toBe(200);

    const startedAt = performance.now();
    expect(codeOf(await call('/v1/functions/other', SOURCE))).toBe('STORE_UNAVAILABLE');
    expect(codeOf(await call('/v1/functions'))).toBe('STORE_UNAVAILABLE');
    expect(performance.now() - startedAt).toBeLessThan(12_000);
    expect((await api.directory.find('default', 'known', LATEST)).configuration.FunctionName).toBe('known');
    await expect((async () => api.directory.find('default', 'unknown', LATEST))()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });

    await redis.start();
    await eventually(async () => expect((await call('/readyz')).status).toBe(200), 20_000);
    // The store came back empty: the key is registered again from its file.
    await eventually(async () => expect((await call('/v1/functions/other', SOURCE)).status).toBe(201), 20_000);
  }, 60_000);

  it('answers within two seconds when Redis hangs', async () => {
    redis.freeze();
    const startedAt = performance.now();
    expect(codeOf(await call('/v1/functions'))).toBe('STORE_UNAVAILABLE');
    expect(performance.now() - startedAt).toBeLessThan(8000);
    redis.thaw();
    await eventually(async () => expect((await call('/v1/functions')).status).toBe(200), 20_000);
  }, 30_000);

  it('starts without Redis, is not ready, and makes the admin key when Redis comes', async () => {
    await redis.kill();
    const dataDir = await mkdtemp(join(tmpdir(), 'easyfaas-data-'));
    const late = await startApi({ redisUrl: redis.url, prefix: '{late}', dataDir, isRedisThere: false });
    try {
      const answer = await clientOf(late.url)('/readyz');
      expect(answer.json()).toMatchObject({
        status: 'not ready',
        checks: [
          { name: 'redis', ok: false },
          { name: 'admin key', ok: false },
        ],
      });
      await redis.start();
      await eventually(async () => expect((await clientOf(late.url)('/readyz')).status).toBe(200), 20_000);
      expect((await clientOf(late.url, await late.adminKey())('/v1/functions')).status).toBe(200);
    } finally {
      await late.stop();
      rmSync(dataDir, { recursive: true });
    }
  }, 30_000);
});

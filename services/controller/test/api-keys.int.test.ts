import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CONTAINER, startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, codeOf, jsonBody, messageOf, type Client } from './http-client';
import { connectTo, describeWithRedis, startRedis, type TestRedis } from './redis-server';

interface Created {
  Key: string;
  KeyId: string;
  AccountId: string;
  Scopes: string[];
}

describeWithRedis('keys over the API', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  const makeKey = async (body: object): Promise<Created> => {
    const answer = await call('/v1/keys', { method: 'POST', ...jsonBody(body) });
    expect(answer.status).toBe(201);
    return answer.json<Created>();
  };

  it('come as a bearer token or in X-Easyfaas-Key, and in no other way', async () => {
    const key = await api.adminKey();
    const anonymous = clientOf(api.url);
    expect((await anonymous('/v1/functions', { headers: { Authorization: `bearer ${key}` } })).status).toBe(200);
    expect((await anonymous('/v1/functions', { headers: { 'X-Easyfaas-Key': key } })).status).toBe(200);
    expect((await anonymous('/v1/functions', { headers: { Authorization: `Basic ${key}` } })).status).toBe(401);
    expect((await anonymous(`/v1/functions?key=${key}`)).status).toBe(401);
    expect((await anonymous('/v1/functions', { headers: { Cookie: `key=${key}` } })).status).toBe(401);
  });

  it('are shown once and listed without their secret', async () => {
    const made = await makeKey({ AccountId: 'shown', Scopes: ['read'], Description: 'for the list' });
    expect(made).toMatchObject({ AccountId: 'shown', Scopes: ['read'] });
    const { text } = await call('/v1/keys');
    expect(text).toContain('for the list');
    expect(text).not.toContain(made.Key.slice(-43));
    expect(text).not.toMatch(/sha256/i);
  });

  it.each([
    { AccountId: 'Not Valid' },
    { Scopes: ['root'] },
    { Scopes: [] },
    { scope: 'admin' },
    { Description: 1 },
    { Functions: [] },
    { Functions: ['*'] },
    { Scopes: ['key:write'] },
  ])('are refused for %j', async (body) => {
    expect(codeOf(await call('/v1/keys', { method: 'POST', ...jsonBody(body) }))).toBe('VALIDATION_FAILED');
  });

  it('B54 stop working within a second after they are revoked, on every controller', async () => {
    const second = await startApi({ redisUrl: redis.url, prefix: redis.prefix, dataDir: api.dataDir });
    try {
      const { Key, KeyId } = await makeKey({ Scopes: ['read'] });
      const there = clientOf(second.url, Key);
      expect((await there('/v1/functions')).status).toBe(200);
      expect((await call('/v1/functions', { key: Key })).status).toBe(200);
      expect((await call(`/v1/keys/${KeyId}`, { method: 'DELETE' })).status).toBe(204);
      await eventually(async () => {
        expect((await there('/v1/functions')).status).toBe(401);
        expect((await call('/v1/functions', { key: Key })).status).toBe(401);
      }, 1000);
      expect(codeOf(await call(`/v1/keys/${KeyId}`, { method: 'DELETE' }))).toBe('KEY_NOT_FOUND');
    } finally {
      await second.stop();
    }
  });

  it('end what is followed with them when they are revoked', async () => {
    const source = { method: 'POST', headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async () => 1;' };
    expect((await call('/v1/functions/followed', source)).status).toBe(201);
    const follow = (path: string, key: string): Promise<Response> =>
      fetch(`${api.url}${path}`, { headers: { Authorization: `Bearer ${key}` } });
    const keys = [await makeKey({}), await makeKey({ Scopes: ['read'] }), await makeKey({ Scopes: ['record:read'] })];
    const [{ Key: first = '' } = {}, { Key: second = '' } = {}, { Key: third = '' } = {}] = keys;
    const streams = [
      await follow('/v1/pool?watch', first),
      await follow('/v1/functions/followed/logs?follow=true', second),
      await follow('/system/logs?name=followed&follow=1', third),
    ];
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { KeyId } of keys) expect((await call(`/v1/keys/${KeyId}`, { method: 'DELETE' })).status).toBe(204);
    // Nobody else ends them: that they end is the proof.
    await Promise.all(streams.map((stream) => stream.text()));
  });

  it('are rotated: both secrets work for the grace time, none after a revocation', async () => {
    const made = await makeKey({ Scopes: ['read'], Functions: ['one'] });
    const rotate = (body: object): ReturnType<Client> => call(`/v1/keys/${made.KeyId}/rotate`, { method: 'POST', ...jsonBody(body) });
    const answer = await rotate({ GraceSeconds: 600 });
    const rotated = answer.json<Created>();
    expect([answer.status, rotated.KeyId, answer.headers.get('cache-control')]).toEqual([200, made.KeyId, 'no-store']);
    for (const key of [made.Key, rotated.Key]) expect((await call('/v1/functions', { key })).status).toBe(200);
    const last = (await rotate({ GraceSeconds: 0 })).json<Created>();
    await eventually(async () => {
      for (const key of [made.Key, rotated.Key]) expect((await call('/v1/functions', { key })).status).toBe(401);
    }, 5000);
    expect((await call('/v1/functions', { key: last.Key })).status).toBe(200);
    expect((await call(`/v1/keys/${made.KeyId}`)).json()).toMatchObject({ Functions: ['one'], RotatedAt: expect.any(String) as string });
    expect((await call(`/v1/keys/${made.KeyId}`, { method: 'DELETE' })).status).toBe(204);
    await eventually(async () => expect((await call('/v1/functions', { key: last.Key })).status).toBe(401), 5000);
    expect(codeOf(await rotate({}))).toBe('KEY_NOT_FOUND');
    for (const body of [{ GraceSeconds: -1 }, { GraceSeconds: 1e9 }, { Grace: 1 }])
      expect(codeOf(await rotate(body))).toBe('VALIDATION_FAILED');
  });

  it('are refused over their rate, with when to come again', async () => {
    const { Key } = await makeKey({ Scopes: ['read'], RateLimit: { RequestsPerSecond: 0.1, Burst: 2 } });
    for (const path of ['/v1/functions', '/v1/invocations']) expect((await call(path, { key: Key })).status).toBe(200);
    const refused = await call('/v1/functions', { key: Key });
    expect([codeOf(refused), refused.headers.get('reason')]).toEqual(['THROTTLED', 'KeyRateExceeded']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('cannot revoke themselves', async () => {
    const own = (await api.adminKey()).split('_')[1] ?? '';
    expect(codeOf(await call(`/v1/keys/${own}`, { method: 'DELETE' }))).toBe('CONFLICT');
  });

  it('answer alike for an unknown and for a wrong key, and are throttled after ten wrong ones', async () => {
    const one = await startApi({ redisUrl: redis.url, prefix: redis.prefix, dataDir: api.dataDir });
    try {
      const anonymous = clientOf(one.url);
      const right = await api.adminKey();
      expect((await anonymous('/v1/functions', { key: right })).status).toBe(200);
      const wrong = [
        `${right.slice(0, -1)}${right.endsWith('A') ? 'B' : 'A'}`,
        `easyfaas_zzzzzzzz_${'A'.repeat(43)}`,
        'secret',
        'x'.repeat(9000),
      ];
      const answers = await Promise.all(wrong.map((key) => anonymous('/v1/functions', { key })));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
      expect(new Set(answers.map(messageOf)).size).toBe(1);
      for (let attempt = 0; attempt < 6; attempt += 1) await anonymous('/v1/functions', { key: 'wrong' });
      const throttled = await anonymous('/v1/functions', { key: 'wrong' });
      expect([throttled.status, codeOf(throttled)]).toEqual([429, 'THROTTLED']);
      expect(Number(throttled.headers.get('retry-after'))).toBeGreaterThan(0);
      // A key in use goes on, and no key at all is not an attempt.
      expect((await anonymous('/v1/functions', { key: right })).status).toBe(200);
      expect((await anonymous('/v1/functions')).status).toBe(401);
    } finally {
      await one.stop();
    }
  });

  describe('the admin key', () => {
    it('is in a file for its owner only, and nowhere in Redis', async () => {
      const path = join(api.dataDir, 'admin.key');
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const key = readFileSync(path, 'utf8').trim();
      expect(key).toMatch(/^easyfaas_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
      const { redis: connection, close } = await connectTo(redis);
      const stored = JSON.stringify(await connection.hgetall(`${redis.prefix}:keys`));
      close();
      expect(stored).toContain(key.split('_')[1]);
      expect(stored).not.toContain(key.slice(-43));
    });

    it('is one, however many controllers start at once', async () => {
      const prefix = `{race-${randomUUID()}}`;
      const all = await Promise.all([1, 2, 3].map(() => startApi({ redisUrl: redis.url, prefix })));
      try {
        const files = all.filter(({ dataDir }) => existsSync(join(dataDir, 'admin.key')));
        expect(files).toHaveLength(1);
        const key = (await files[0]?.adminKey()) ?? '';
        for (const { url } of all) expect((await clientOf(url, key)('/v1/functions')).status).toBe(200);
      } finally {
        await Promise.all(all.map((each) => each.stop()));
      }
    });

    it('is registered again from its file after the store was emptied', async () => {
      const prefix = `{flushed-${randomUUID()}}`;
      const first = await startApi({ redisUrl: redis.url, prefix });
      const key = await first.adminKey();
      const { redis: connection, close } = await connectTo(redis);
      await connection.del(`${prefix}:keys`, `${prefix}:admin-key`);
      close();
      const second = await startApi({ redisUrl: redis.url, prefix, dataDir: first.dataDir });
      try {
        expect((await clientOf(second.url, key)('/v1/functions')).status).toBe(200);
      } finally {
        await second.stop();
        await first.stop();
      }
    });

    it('is not made anew when only its file is lost', async () => {
      const prefix = `{lost-${randomUUID()}}`;
      const first = await startApi({ redisUrl: redis.url, prefix });
      const key = await first.adminKey();
      rmSync(join(first.dataDir, 'admin.key'));
      const second = await startApi({ redisUrl: redis.url, prefix, dataDir: first.dataDir });
      try {
        expect(existsSync(join(first.dataDir, 'admin.key'))).toBe(false);
        expect((await clientOf(second.url, key)('/v1/functions')).status).toBe(200);
      } finally {
        await second.stop();
        await first.stop();
      }
    });
  });

  describe('operations', () => {
    it('says whether it is alive, ready, and what it is, without a key', async () => {
      const anonymous = clientOf(api.url);
      expect((await anonymous('/healthz')).json()).toEqual({ status: 'alive' });
      expect((await anonymous('/readyz')).json()).toMatchObject({ status: 'ready', checks: [{ name: 'redis', ok: true }, { ok: true }] });
      expect((await anonymous('/version')).json()).toMatchObject({ version: '1.2.3' });
    });

    it('shows metrics and runtimes', async () => {
      expect((await call('/metrics')).text).toContain('easyfaas_up 1');
      expect((await call('/v1/runtimes')).json()).toMatchObject({
        Runtimes: [{ Name: 'nodejs20', HandlerExample: 'index.handler' }, { Name: 'python3' }],
      });
    });

    it('shows containers without their token', async () => {
      for (const path of ['/v1/pool', `/v1/pool/${CONTAINER.containerId}`]) {
        const { text } = await call(path);
        expect(text).toContain(CONTAINER.containerId);
        expect(text).not.toMatch(/token|socketDirectory|\/somewhere/);
      }
      expect(codeOf(await call('/v1/pool/ba9876543210'))).toBe('CONTAINER_NOT_FOUND');
      expect(codeOf(await call('/v1/pool/nothing'))).toBe('CONTAINER_NOT_FOUND');
    });

    it('shows the resources of the node, and the pool as it changes', async () => {
      expect((await call('/v1/resource')).json()).toMatchObject({ memory: { totalMb: 1500 } });
      const stream = await fetch(`${api.url}/v1/pool?watch`, { headers: { Authorization: `Bearer ${await api.adminKey()}` } });
      expect(stream.headers.get('content-type')).toBe('text/event-stream');
      const reader = stream.body?.getReader();
      let text = '';
      while (!text.includes('event: container')) text += Buffer.from((await reader?.read())?.value ?? []).toString();
      await reader?.cancel();
      expect(text).toMatch(/^event: pool\ndata: \{"recommendation":1\}\n\nevent: container\ndata: \{/);
      expect(text).toContain(CONTAINER.containerId);
      expect(text).not.toMatch(/token|socketDirectory/);
    });

    it('changes the memory of a container, within limits', async () => {
      const patch = (body: object): ReturnType<typeof call> =>
        call(`/v1/pool/${CONTAINER.containerId}`, {
          method: 'PATCH',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        });
      expect((await patch({ memoryMb: 256 })).json()).toMatchObject({ containerId: CONTAINER.containerId, memoryMb: 256 });
      expect(api.poolResets.splice(0)).toEqual([`${CONTAINER.containerId} to 256 MB`]);
      for (const body of [{}, { memoryMb: 15 }, { memoryMb: 1e6 }, { memoryMb: '256' }, { memoryMb: 256, cpus: 1 }]) {
        expect(codeOf(await patch(body))).toBe('VALIDATION_FAILED');
      }
    });

    it('resets a container on demand and says who wanted it', async () => {
      for (const what of ['drain', 'reborn']) {
        const answer = await call(`/v1/pool/${CONTAINER.containerId}/${what}`, { method: 'POST' });
        expect(answer.status).toBe(200);
        expect(answer.text).not.toContain('token');
      }
      expect(api.poolResets).toEqual([
        expect.stringMatching(/^0123456789ab drained by an operator/),
        expect.stringMatching(/^0123456789ab replaced: reborn by an operator/),
      ]);
    });
  });
});

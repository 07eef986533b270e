import { Redis } from 'ioredis';
import type { PodLease, TriggerView } from '@easyfaas/contracts/wire';
import { RedisPodRegistry } from '../src/pods/redis-pod-registry';
import { addressOf } from '../src/redis-connection';
import { startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { type Client, clientOf, jsonBody } from './http-client';
import { describeWithPrivateRedis, restrictToDocumented, startPrivateRedis, type PrivateRedis } from './redis-server';

/** Events have the same rights in events.int.test.ts and deliveries.int.test.ts. */
describeWithPrivateRedis("the rights in Redis that the platform's user is documented to need", () => {
  let redis: PrivateRedis;
  let denied: () => Promise<string[]>;
  let api: ApiUnderTest;
  let call: Client;

  beforeAll(async () => {
    redis = await startPrivateRedis();
    denied = await restrictToDocumented(redis);
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  const made = async (path: string, options: Parameters<Client>[1]): Promise<string> => {
    const { status, text } = await call(path, { method: 'POST', ...options });
    if (status !== 201) throw new Error(`${path} was answered ${status}: ${text}`);
    return text;
  };

  it('suffice for functions, versions, keys, records, pods, and triggers of every kind that Redis has a part in', async () => {
    await made('/v1/functions/target?Runtime=nodejs20&Handler=index.handler', {
      headers: { 'Content-Type': 'text/javascript' },
      body: 'exports.handler = async (event) => event;',
    });
    await made('/v1/functions/target/versions', jsonBody({}));
    await made('/v1/functions/target/aliases', jsonBody({ Name: 'live', FunctionVersion: '1' }));
    await made('/v1/keys', jsonBody({ Scopes: ['read'] }));
    const soon = new Date(Date.now() + 1500).toISOString().slice(0, 19);
    for (const [Source, Configuration] of [
      ['cron', { Schedule: `at(${soon}Z)` }],
      ['redis-stream', { Stream: 'orders' }],
      ['queue', { Queue: 'jobs' }],
      ['webhook', { Scheme: 'github' }],
    ] as const) {
      const trigger = {
        Source,
        FunctionName: 'target',
        Configuration,
        ...(Source === 'webhook' ? { Secrets: { SigningSecret: 'shared' } } : {}),
      };
      const { TriggerId } = JSON.parse(await made('/v1/triggers', jsonBody(trigger))) as TriggerView;
      await eventually(async () => expect((await call(`/v1/triggers/${TriggerId}`)).json<TriggerView>().State).toBe('active'), 20_000);
    }
    await eventually(() => expect(api.events.length).toBeGreaterThan(0), 20_000);
    for (const path of ['/v1/invocations', '/v1/triggers', '/v1/keys', '/v1/functions']) expect((await call(path)).status).toBe(200);
    const registry = new RedisPodRegistry({ redis: api.client.redis, prefix: redis.prefix });
    expect(await registry.refresh({ lease: { podId: 'a', bootId: 'a-1' } as PodLease, home: 'a', keyCandidate: 'k' })).not.toBe('taken');
    expect((await call('/v1/functions/target?cascade=true', { method: 'DELETE' })).status).toBe(204);
    expect(await denied()).toEqual([]);
  }, 90_000);

  it('allow nothing else', async () => {
    const platform = new Redis(addressOf(redis.url));
    try {
      for (const command of [
        ['GET', 'other:key'],
        ['SET', 'easyfaas', '1'],
        ['EVAL', "return redis.call('GET', 'other:key')", '0'],
        ['PUBLISH', 'other:channel', 'x'],
        ['SUBSCRIBE', 'other:channel'],
        ['PSUBSCRIBE', '*'],
        ['KEYS', '*'],
        ['FLUSHALL'],
        ['FLUSHDB'],
        ['CONFIG', 'GET', '*'],
        ['ACL', 'LIST'],
        ['SCRIPT', 'FLUSH'],
        ['FUNCTION', 'FLUSH'],
        ['CLIENT', 'LIST'],
        ['MONITOR'],
        ['REPLICAOF', 'NO', 'ONE'],
        ['MODULE', 'LIST'],
        ['SHUTDOWN'],
      ]) {
        await expect(platform.call(...(command as [string, ...string[]]))).rejects.toThrow(/NOPERM|can't access/);
      }
    } finally {
      platform.disconnect();
    }
  });
});

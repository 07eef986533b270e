import { randomUUID } from 'node:crypto';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { createMetrics, silentLogger, systemClock } from '@easyfaas/service-kit';
import type { CallRequest } from '../src/invoke/call';
import { RedisKeptPayloads } from '../src/records/redis-kept-payloads';
import { connectTo, describeWithRedis, type RedisClient, startRedis, type TestRedis } from './redis-server';

describeWithRedis('D6 payloads of synchronous calls', () => {
  let redis: TestRedis;
  let client: RedisClient;

  beforeAll(async () => {
    redis = await startRedis();
    client = await connectTo(redis);
  });

  afterAll(async () => {
    client.close();
    await redis.stop();
  });

  const payloadsOf = (perFunction = 10): RedisKeptPayloads =>
    new RedisKeptPayloads({
      redis: client.redis,
      prefix: `{${redis.prefix}-${randomUUID()}}`,
      clock: systemClock,
      logger: silentLogger(),
      registry: createMetrics('payloads'),
      settings: { limitBytes: 100, perFunction, keptS: 60 },
    });
  const request = (requestId: string, payload: Buffer, more: Partial<CallRequest> = {}): CallRequest =>
    ({
      requestId,
      stored: { accountId: 'default', configuration: { FunctionName: 'f', Version: '3' } } as StoredFunction,
      payload: { chunks: [payload.subarray(0, 1), payload.subarray(1)], bytes: payload.length },
      contentType: 'text/plain',
      ...more,
    }) as CallRequest;

  it('come back as they were, before they are written and afterwards, to their account', async () => {
    const payloads = payloadsOf();
    const bytes = Buffer.from([0, 10, 255, 13]);
    payloads.add(request('one', bytes, { clientContext: '{"custom":1}' }));
    const expected = { functionName: 'f', version: '3', contentType: 'text/plain', clientContext: '{"custom":1}', payload: bytes };
    expect(await payloads.find('default', 'one')).toEqual(expected);
    await payloads.flush();
    expect(await payloads.find('default', 'one')).toEqual(expected);
    expect(await payloads.find('other', 'one')).toBeUndefined();
  });

  it('are so many of a function at most, the newest, none over the limit, and go with the function', async () => {
    const payloads = payloadsOf(3);
    const found = async (): Promise<(string | undefined)[]> =>
      Promise.all(['1', '2', '3', '4', '5'].map(async (id) => (await payloads.find('default', id))?.payload.toString()));
    for (const id of ['1', '2']) payloads.add(request(id, Buffer.from(`payload ${id}`)));
    await payloads.flush();
    for (const id of ['3', '4', '5']) payloads.add(request(id, Buffer.from(`payload ${id}`)));
    payloads.add(request('large', Buffer.alloc(101)));
    await payloads.flush();
    expect(await found()).toEqual([undefined, undefined, 'payload 3', 'payload 4', 'payload 5']);
    expect(await payloads.find('default', 'large')).toBeUndefined();
    await payloads.forget('default', 'f');
    expect(await found()).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('are none where the operator keeps none', async () => {
    const payloads = payloadsOf(0);
    payloads.add(request('one', Buffer.from('x')));
    await payloads.flush();
    expect(await payloads.find('default', 'one')).toBeUndefined();
  });
});

import { randomUUID } from 'node:crypto';
import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { silentLogger, systemClock } from '@easyfaas/service-kit';
import { RedisRecords } from '../src/records/redis-records';
import { startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, codeOf, type Client } from './http-client';
import {
  connectTo,
  describeWithPrivateRedis,
  describeWithRedis,
  startPrivateRedis,
  startRedis,
  type PrivateRedis,
  type RedisClient,
  type TestRedis,
} from './redis-server';

function record(more: Partial<InvocationRecord> = {}): InvocationRecord {
  return {
    requestId: randomUUID(),
    accountId: 'default',
    functionName: 'hello',
    version: '$LATEST',
    commitId: 'c',
    invokeType: 'RequestResponse',
    status: 'succeeded',
    httpStatus: 200,
    startedAt: new Date().toISOString(),
    stages: { totalMs: 1 },
    payloadBytes: 0,
    resultBytes: 0,
    ...more,
  };
}

describeWithRedis('records', () => {
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

  const recordsOf = (prefix = `{${randomUUID()}}`): RedisRecords =>
    new RedisRecords({ redis: client.redis, prefix, clock: systemClock, logger: silentLogger(), onDropped: () => undefined });

  it('are listed newest first, in pages that hold each once', async () => {
    const records = recordsOf();
    const ids: string[] = [];
    for (let index = 0; index < 250; index += 1) {
      const { requestId } = record();
      ids.push(requestId);
      records.add(record({ requestId }));
      if (index % 90 === 0) await records.flush();
    }
    const seen: string[] = [];
    let marker: string | undefined;
    do {
      const page = await records.list('default', { limit: 40, ...(marker === undefined ? {} : { marker }) });
      seen.push(...page.records.map(({ requestId }) => requestId));
      marker = page.nextMarker;
    } while (marker !== undefined);
    expect(seen).toEqual(ids.reverse());
  });

  it('of which none fit on a page begin on the next one', async () => {
    const records = recordsOf();
    expect(await records.list('default', { limit: 0 })).toEqual({ records: [] });
    const newest = record();
    records.add(record());
    records.add(newest);
    const { records: none, nextMarker = '' } = await records.list('default', { limit: 0 });
    expect(none).toEqual([]);
    expect((await records.list('default', { limit: 1, marker: nextMarker })).records).toEqual([newest]);
  });

  it('are filtered by function, status and time', async () => {
    const records = recordsOf();
    const old = record({ startedAt: '2001-01-01T00:00:00.000Z' });
    const failed = record({ status: 'failed' });
    const other = record({ functionName: 'other' });
    for (const each of [old, failed, other]) records.add(each);
    const found = async (query: object): Promise<string[]> =>
      (await records.list('default', { limit: 10, ...query })).records.map(({ requestId }) => requestId);
    expect(await found({ functionName: 'other' })).toEqual([other.requestId]);
    expect(await found({ status: 'failed' })).toEqual([failed.requestId]);
    expect(await found({ sinceMs: Date.now() - 60_000 })).toEqual([other.requestId, failed.requestId]);
    expect(await found({ sinceMs: Date.now() + 60_000 })).toEqual([]);
  });

  it('are of one account only', async () => {
    const prefix = `{${randomUUID()}}`;
    const records = recordsOf(prefix);
    const theirs = record({ accountId: 'other' });
    records.add(theirs);
    expect((await records.list('default', { limit: 10 })).records).toEqual([]);
    expect(await records.find('default', theirs.requestId)).toBeUndefined();
    expect(await records.find('other', theirs.requestId)).toEqual(theirs);
    expect(await recordsOf(prefix).find('other', theirs.requestId)).toEqual(theirs);
    expect(await recordsOf(prefix).find('default', theirs.requestId)).toBeUndefined();
  });

  it('are found by their id at once, and by another controller after the batch was written', async () => {
    const prefix = `{${randomUUID()}}`;
    const [here, there] = [recordsOf(prefix), recordsOf(prefix)];
    const added = record({ logTail: 'ü\n' });
    here.add(added);
    expect(await here.find('default', added.requestId)).toEqual(added);
    await eventually(async () => expect(await there.find('default', added.requestId)).toEqual(added), 20_000);
  });

  it('are kept up to about ten thousand, in few entries', async () => {
    const prefix = `{${randomUUID()}}`;
    const records = recordsOf(prefix);
    for (let batch = 0; batch < 30; batch += 1) {
      for (let index = 0; index < 1000; index += 1) records.add(record());
      await records.flush();
    }
    const entries = await client.redis.xlen(`${prefix}:records:default`);
    // 30 000 were added; a stream is trimmed by whole nodes of up to 100 entries.
    expect(entries).toBeGreaterThanOrEqual(100);
    expect(entries).toBeLessThanOrEqual(220);
  });
});

describeWithPrivateRedis('records while Redis is away', () => {
  let redis: PrivateRedis;
  let client: RedisClient;

  beforeAll(async () => {
    redis = await startPrivateRedis();
    client = await connectTo(redis);
  });

  afterAll(async () => {
    client.close();
    await redis.stop();
  });

  it('wait, are dropped and counted when there are too many, and the rest is written afterwards', async () => {
    let dropped = 0;
    const records = new RedisRecords({
      redis: client.redis,
      prefix: redis.prefix,
      clock: systemClock,
      logger: silentLogger(),
      onDropped: (count) => {
        dropped += count;
      },
    });
    await redis.kill();
    const added = Array.from({ length: 6000 }, () => record());
    for (const each of added) records.add(each);
    await records.flush();
    expect(dropped).toBe(1000);
    const newest = added.at(-1);
    expect(await records.find('default', newest?.requestId ?? '')).toEqual(newest);
    await redis.start();
    await eventually(async () => expect(await client.redis.xlen(`${redis.prefix}:records:default`)).toBe(50), 20_000);
    expect(dropped).toBe(1000);
  });
});

describeWithRedis('records over the API', () => {
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

  it('shows one and a list, with markers', async () => {
    const added = [record(), record({ functionName: 'other' }), record({ accountId: 'stranger' })];
    for (const each of added) api.records.add(each);
    expect((await call(`/v1/invocations/${added[0]?.requestId}`)).json()).toEqual(added[0]);
    expect(codeOf(await call(`/v1/invocations/${added[2]?.requestId}`))).toBe('RECORD_NOT_FOUND');
    const first = (await call('/v1/invocations?limit=1')).json<{ invocations: InvocationRecord[]; nextMarker: string }>();
    const second = (await call(`/v1/invocations?limit=1&marker=${first.nextMarker}`)).json<{ invocations: InvocationRecord[] }>();
    expect([...first.invocations, ...second.invocations]).toEqual([added[1], added[0]]);
    expect((await call('/v1/invocations?function=hello')).json()).toEqual({ invocations: [added[0]] });
  });

  it.each([
    '?since=banana',
    '?since=-1',
    '?limit=-1',
    '?limit=1e9',
    '?limit=101',
    '?status=odd',
    '?function=..%2Fx',
    '?function=a&function=b',
    '?marker=forged',
    '?marker=1-1',
  ])('B50 B58 refuses %s', async (query) => {
    expect(codeOf(await call(`/v1/invocations${query}`))).toBe('VALIDATION_FAILED');
  });

  it.each(['?since=2030-01-31T12:00:00Z', '?since=0', '?since=2030-01-31', '?status=failed&limit=100'])('takes %s', async (query) => {
    expect((await call(`/v1/invocations${query}`)).status).toBe(200);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedriveTriggerAnswer, TriggerView } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { InvocationRequest, InvocationResult } from '../src/invoke/invoker';
import { addressOf } from '../src/redis-connection';
import { startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { type Client, clientOf, codeOf, jsonBody } from './http-client';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

const SOURCE = { headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async (event) => event;' };

interface Records {
  Records: { messageId: string; body: unknown; attempt: number; eventSource: string }[];
}

describeWithRedis('triggers that take messages', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;
  let batches: Records[];
  let queue: Queue | undefined;
  let triggerId: string | undefined;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
    expect((await call('/v1/functions/target?Runtime=nodejs20&Handler=index.handler', { method: 'POST', ...SOURCE })).status).toBe(201);
  });

  beforeEach(() => {
    api.events.length = 0;
    api.intake.failure = undefined;
    batches = [];
    answerWith(() => ({}));
  });

  afterEach(async () => {
    if (triggerId !== undefined) await call(`/v1/triggers/${triggerId}`, { method: 'DELETE' });
    await queue?.close();
    queue = undefined;
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  const answerWith = (answer: (batch: Records) => unknown): void => {
    api.invoker.answer = ({ requestId, payload }: InvocationRequest): InvocationResult => {
      const batch = JSON.parse(payload.toString()) as Records;
      batches.push(batch);
      const body = Buffer.from(JSON.stringify(answer(batch)));
      return { kind: 'success', requestId, stages: { totalMs: 1 }, contentType: 'application/json', body };
    };
  };
  const create = async (Source: string, Configuration: object, more: object = {}): Promise<Record<string, unknown>> => {
    const answer = await call('/v1/triggers', { method: 'POST', ...jsonBody({ Source, FunctionName: 'target', Configuration, ...more }) });
    if (answer.status !== 201) throw new Error(answer.text);
    const { Details, TriggerId } = answer.json<TriggerView>();
    triggerId = TriggerId;
    return Details;
  };
  const view = async (): Promise<TriggerView> => (await call(`/v1/triggers/${triggerId ?? ''}`)).json<TriggerView>();
  const payloads = (): unknown[] => api.events.map(({ payload }) => JSON.parse(payload.toString()) as unknown);
  const eventsCome = (count: number): Promise<void> =>
    eventually(() => {
      if (api.events.length < count) throw new Error(`${api.events.length} of ${count}`);
    }, 20_000);
  const deadLetters = async (
    count: number,
  ): Promise<{ Reason: string; Payload: string; IsBase64Encoded: boolean; MessageId: string }[]> => {
    let found: { Reason: string; Payload: string; IsBase64Encoded: boolean; MessageId: string }[] = [];
    await eventually(async () => {
      found = (await call(`/v1/triggers/${triggerId ?? ''}/dead-letters`)).json<{ DeadLetters: typeof found }>().DeadLetters;
      if (found.length < count) throw new Error(`${found.length} of ${count}`);
    }, 20_000);
    return found;
  };

  describe('of a Redis stream', () => {
    let sequence = 0;
    let stream: string;

    beforeEach(() => {
      stream = `orders-${(sequence += 1)}`;
    });

    const add = (...fields: (string | Buffer)[]): Promise<string | null> =>
      api.client.redis.xadd(`${redis.prefix}:stream:default:${stream}`, '*', ...fields);
    const pending = async (): Promise<number> =>
      Number((await api.client.redis.xpending(`${redis.prefix}:stream:default:${stream}`, 'easyfaas'))[0]);

    it('D10 hands each message over once it is durable, in the form the function knows', async () => {
      await add('data', '{"n":0}');
      const details = await create('redis-stream', { Stream: stream, StartingPosition: 'earliest' });
      expect(details).toEqual({ Key: `${redis.prefix}:stream:default:${stream}`, Group: 'easyfaas' });
      await add('data', '{"n":1}');
      await eventsCome(2);
      expect(payloads()).toEqual([{ n: 0 }, { n: 1 }]);
      await eventually(async () => expect(await pending()).toBe(0), 20_000);
    });

    it('does not acknowledge what could not be kept, and takes it again', async () => {
      await create('redis-stream', { Stream: stream, StartingPosition: 'earliest', ClaimAfterSeconds: 5 });
      api.intake.failure = new ServiceError('STORE_UNAVAILABLE', 'away');
      await add('data', '{"n":1}');
      await eventually(async () => {
        const { State, LastError } = await view();
        if (State !== 'failed') throw new Error(State);
        expect(LastError).toMatchObject({ Code: 'STORE_UNAVAILABLE' });
      }, 10_000);
      expect(await pending()).toBe(1);
      api.intake.failure = undefined;
      await eventsCome(1);
      await eventually(async () => expect((await view()).State).toBe('active'), 20_000);
    });

    it('D10 takes over what a dead consumer left', async () => {
      const key = `${redis.prefix}:stream:default:${stream}`;
      await add('data', '{"n":1}');
      await api.client.redis.xgroup('CREATE', key, 'easyfaas', '0');
      await api.client.redis.xreadgroup('GROUP', 'easyfaas', 'dead', 'COUNT', 1, 'STREAMS', key, '>');
      await create('redis-stream', { Stream: stream, ClaimAfterSeconds: 5 });
      await eventsCome(1);
    });

    it('D10 calls with batches; what the function names comes again and then is a dead letter', async () => {
      answerWith(({ Records: records }) => ({
        batchItemFailures: records
          .filter(({ body }) => (body as { bad?: boolean }).bad === true)
          .map(({ messageId }) => ({ itemIdentifier: messageId })),
      }));
      for (const text of ['{"n":1}', '{"n":2,"bad":true}', '{"n":3}']) await add('data', text, 'origin', 'test');
      await create(
        'redis-stream',
        { Stream: stream, StartingPosition: 'earliest', ClaimAfterSeconds: 5 },
        { Batch: { Size: 10, WindowMs: 300 }, ErrorPolicy: { MaxAttempts: 2 } },
      );
      const [letter] = await deadLetters(1);
      expect(letter).toMatchObject({ Payload: '{"n":2,"bad":true}', Reason: expect.stringContaining('batchItemFailures') as string });
      expect(batches.map(({ Records: records }) => records.map(({ body, attempt }) => [(body as { n: number }).n, attempt]))).toEqual([
        [
          [1, 1],
          [2, 1],
          [3, 1],
        ],
        [[2, 2]],
      ]);
      expect(batches[0]?.Records[0]).toMatchObject({ eventSource: 'easyfaas:redis-stream', attributes: { origin: 'test' } });
      await eventually(async () => expect(await pending()).toBe(0), 20_000);
    });

    it('F128 makes a dead letter of what it cannot read and goes on', async () => {
      await create('redis-stream', { Stream: stream, StartingPosition: 'earliest' });
      await add('data', 'not json');
      await add('data', Buffer.from([0xff, 0xfe, 0]));
      await add('other', '{}');
      await add('data', `"${'x'.repeat(2 * 1024 * 1024)}"`);
      await add('data', '{"n":1}');
      await eventsCome(1);
      const letters = await deadLetters(4);
      expect(letters.map(({ Reason }) => Reason)).toEqual([
        expect.stringContaining('not JSON'),
        expect.stringContaining('not UTF-8'),
        expect.stringContaining('no content'),
        expect.stringContaining('2097154 bytes'),
      ]);
      expect(letters[1]).toMatchObject({ Payload: '//4A', IsBase64Encoded: true });
      expect(payloads()).toEqual([{ n: 1 }]);

      const path = `/v1/triggers/${triggerId ?? ''}/dead-letters`;
      const redrive = async (body: object): Promise<RedriveTriggerAnswer> =>
        (await call(`${path}/redrive`, { method: 'POST', ...jsonBody(body) })).json<RedriveTriggerAnswer>();
      const [first] = (await call(path)).json<{ DeadLetters: { DeadLetterId: string }[] }>().DeadLetters;
      expect((await redrive({ DeadLetterIds: [first?.DeadLetterId, '1-1'] })).Refused).toMatchObject([{ Code: 'DEAD_LETTER_NOT_FOUND' }]);
      const all = await redrive({ All: true });
      expect(all.Redriven).toHaveLength(2);
      expect(all.Refused).toMatchObject([{ Code: 'PAYLOAD_TOO_LARGE' }]);
      expect(api.events.slice(1).map(({ payload }) => payload.toString('latin1'))).toEqual(['not json', '\xff\xfe\0', '']);
      expect((await call(`${path}/redrive`, { method: 'POST', ...jsonBody({}) })).status).toBe(400);
      expect((await call(path, { method: 'DELETE' })).json()).toEqual({ Deleted: 1 });
      expect(await deadLetters(0)).toEqual([]);
    });

    it('F128 makes a dead letter of an event that misses members or has an unknown version', async () => {
      await create('redis-stream', { Stream: stream, StartingPosition: 'earliest', Format: 'cloudevents' });
      await add('data', '{"specversion":"1.0","id":"1","source":"/s"}');
      await add('data', '{"specversion":"9.0","id":"1","source":"/s","type":"t"}');
      await add('data', '{"specversion":"1.0","id":"1","source":"/s","type":"t"}');
      await eventsCome(1);
      expect((await deadLetters(2)).map(({ Reason }) => Reason)).toEqual([
        expect.stringContaining('type'),
        expect.stringContaining('specversion'),
      ]);
    });

    it('D10 lets through only what passes its filter', async () => {
      const Filter = { Filters: [{ Pattern: { price: [{ numeric: ['>', 10] }] } }] };
      await create('redis-stream', { Stream: stream, StartingPosition: 'earliest' }, { Filter });
      for (const price of [5, 50, 10]) await add('data', JSON.stringify({ price }));
      await eventually(async () => expect((await view()).Counters).toMatchObject({ Received: 3, Filtered: 2, Accepted: 1 }), 20_000);
      expect(payloads()).toEqual([{ price: 50 }]);
    });

    it('goes on after the stream was deleted', async () => {
      await create('redis-stream', { Stream: stream, StartingPosition: 'earliest' });
      await add('data', '{"n":1}');
      await eventsCome(1);
      await api.client.redis.del(`${redis.prefix}:stream:default:${stream}`);
      await add('data', '{"n":2}');
      await eventsCome(2);
    });
  });

  describe('of a BullMQ queue', () => {
    const open = (details: Record<string, unknown>): Queue => {
      queue = new Queue(String(details['Queue']), { prefix: String(details['Prefix']), connection: addressOf(redis.url) });
      return queue;
    };

    it('D10 hands each job over', async () => {
      const jobs = open(await create('queue', { Queue: 'jobs-1' }));
      await jobs.add('resize', { n: 1 });
      await jobs.add('resize', { n: 2 });
      await eventsCome(2);
      expect(payloads()).toEqual(expect.arrayContaining([{ n: 1 }, { n: 2 }]));
      await eventually(
        async () => expect(await jobs.getJobCounts('waiting', 'active', 'failed')).toEqual({ waiting: 0, active: 0, failed: 0 }),
        10_000,
      );
    });

    it('D10 lets a program add jobs that may do nothing else in this Redis: the rule of the guide', async () => {
      const details = await create('queue', { Queue: 'jobs-4' });
      const guide = readFileSync(join(__dirname, '../../../docs/guides/queues-and-streams.md'), 'utf8');
      const rule = /^ACL SETUSER producer (.+)$/m.exec(guide)?.[1] ?? '';
      expect(rule).toContain('easyfaas:queues:default:');
      const words = rule.replaceAll('easyfaas:queues', `${redis.prefix}:queues`).split(' ');
      await api.client.redis.call('ACL', 'SETUSER', 'producer', 'reset', ...words);
      const connection = { ...addressOf(redis.url), username: 'producer', password: 'secret', maxRetriesPerRequest: 1 };
      queue = new Queue(String(details['Queue']), { prefix: String(details['Prefix']), connection });
      await queue.add('resize', { n: 1 });
      await queue.add('resize', { n: 2 }, { delay: 10 });
      await eventsCome(2);
      expect(payloads()).toEqual(expect.arrayContaining([{ n: 1 }, { n: 2 }]));
      const producer = new Redis(connection);
      try {
        for (const command of [
          ['GET', `${redis.prefix}:admin-key`],
          ['FLUSHALL'],
          ['CONFIG', 'GET', '*'],
          ['KEYS', '*'],
          ['SHUTDOWN'],
          ['MONITOR'],
        ]) {
          await expect(producer.call(...(command as [string, ...string[]]))).rejects.toThrow(/NOPERM/);
        }
      } finally {
        producer.disconnect();
        await queue.close();
        await api.client.redis.call('ACL', 'DELUSER', 'producer');
      }
    });

    it('D10 calls with batches, tries failed ones again, and gives up in the end', async () => {
      const jobs = open(await create('queue', { Queue: 'jobs-2' }, { Batch: { Size: 5, WindowMs: 200 }, ErrorPolicy: { MaxAttempts: 2 } }));
      answerWith(({ Records: records }) => ({
        batchItemFailures: records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({ itemIdentifier: messageId })),
      }));
      await jobs.addBulk(['good', 'bad'].map((data) => ({ name: 'x', data })));
      const [letter] = await deadLetters(1);
      expect(letter).toMatchObject({ Payload: '"bad"', Reason: expect.stringContaining('tried 2 times') as string });
      expect(await jobs.getJobCounts('waiting', 'active', 'delayed', 'failed')).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    });

    it('F128 makes a dead letter of a job that is too large or not even JSON, and goes on', async () => {
      const jobs = open(await create('queue', { Queue: 'jobs-3' }));
      const { id = '' } = await jobs.add('x', {}, { delay: 3_600_000 });
      // As a broken producer could: past the library.
      await api.client.redis.hset(`${redis.prefix}:queues:default:jobs-3:${id}`, 'data', '{broken');
      await api.client.redis.zrem(`${redis.prefix}:queues:default:jobs-3:delayed`, id);
      await api.client.redis.lpush(`${redis.prefix}:queues:default:jobs-3:wait`, id);
      await jobs.add('x', 'y'.repeat(2 * 1024 * 1024));
      await jobs.add('x', { n: 1 });
      await eventsCome(1);
      const reasons = (await deadLetters(2)).map(({ Reason }) => Reason);
      expect(reasons).toEqual(
        expect.arrayContaining([expect.stringContaining('not JSON'), expect.stringContaining('the limit is 262144')]),
      );
      expect(payloads()).toEqual([{ n: 1 }]);
    });
  });

  it('refuses dead letters of another account', async () => {
    expect(codeOf(await call('/v1/triggers/ffffffffffffffff/dead-letters'))).toBe('TRIGGER_NOT_FOUND');
  });
});

import type { StoredFunction } from '@easyfaas/contracts/wire';
import { type Clock, Registry, silentLogger } from '@easyfaas/service-kit';
import type { CallRequest } from '../invoke/call';
import { RedisKeptPayloads, type RedisKeptPayloadsOptions } from './redis-kept-payloads';

const MIB = 1024 * 1024;

/** A Redis that answers a pipeline when it is told to. */
function underTest() {
  const pipelines: { ids: string[]; answer: () => Promise<void> }[] = [];
  const commands: { name: string; count: number }[] = [];
  let listed: string[] = [];
  const redis = {
    pipeline: () => {
      const ids: string[] = [];
      const pipeline = {
        set: () => pipeline,
        rpush: (_list: string, id: string) => (ids.push(id), pipeline),
        expire: () => pipeline,
        exec: () =>
          new Promise((resolve) => {
            const answer = async (): Promise<void> => {
              resolve(
                ids.flatMap((_, at) => [
                  [null, 'OK'],
                  [null, at + 1],
                  [null, 1],
                ]),
              );
              await new Promise(setImmediate);
            };
            pipelines.push({ ids, answer });
          }),
      };
      return pipeline;
    },
    lrange: () => (commands.push({ name: 'lrange', count: 0 }), Promise.resolve(listed)),
    ltrim: () => Promise.resolve('OK'),
    unlink: (...keys: string[]) => (commands.push({ name: 'unlink', count: keys.length }), Promise.resolve(keys.length)),
  } as unknown as RedisKeptPayloadsOptions['redis'];
  const registry = new Registry();
  const payloads = new RedisKeptPayloads({
    redis,
    prefix: 'p',
    clock: { after: () => () => undefined } as unknown as Clock,
    logger: silentLogger(),
    registry,
    settings: { limitBytes: 6 * MIB, perFunction: 1_000_000, keptS: 60 },
  });
  const add = (requestId: string, bytes: number): void =>
    payloads.add({
      requestId,
      stored: { accountId: 'default', configuration: { FunctionName: 'f', Version: '1' } } as StoredFunction,
      payload: { chunks: [Buffer.alloc(bytes)], bytes },
    } as unknown as CallRequest);
  const dropped = async (): Promise<number | undefined> =>
    (await registry.getSingleMetric('easyfaas_payloads_dropped_total')?.get())?.values[0]?.value;
  return { payloads, pipelines, commands, add, dropped, list: (ids: string[]) => (listed = ids) };
}

const turn = (): Promise<void> => new Promise(setImmediate);

describe('payloads on their way to Redis', () => {
  it('count as waiting until they are there, and the next ones go after them', async () => {
    const { payloads, pipelines, add, dropped } = underTest();
    add('1', 5 * MIB);
    void payloads.flush();
    await turn();
    add('2', 5 * MIB);
    expect(await dropped()).toBe(1);
    add('3', 1 * MIB);
    const flushed = payloads.flush();
    await turn();
    expect(pipelines.map(({ ids }) => ids)).toEqual([['1']]);
    await pipelines[0]?.answer();
    expect(pipelines.map(({ ids }) => ids)).toEqual([['1'], ['3']]);
    await pipelines[1]?.answer();
    await flushed;
    add('4', 6 * MIB);
    expect(await dropped()).toBe(1);
  });

  it('go with their function all the same, however many there are', async () => {
    const { payloads, pipelines, commands, add, list } = underTest();
    add('1', 10);
    void payloads.flush();
    await turn();
    list(Array.from({ length: 200_000 }, (_, at) => String(at)));
    const forgotten = payloads.forget('default', 'f');
    await turn();
    expect(commands).toEqual([]);
    await pipelines[0]?.answer();
    await forgotten;
    const unlinked = commands.filter(({ name }) => name === 'unlink');
    expect(unlinked.reduce((sum, { count }) => sum + count, 0)).toBe(200_000);
    expect(Math.max(...unlinked.map(({ count }) => count))).toBeLessThanOrEqual(1000);
  });
});

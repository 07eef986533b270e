import { type Clock, Registry, silentLogger } from '@easyfaas/service-kit';
import { SpanExporter } from './span-exporter';

/** A collector that answers when it is told to, and timers that fire when they are told to. */
function underTest() {
  const timers: { delayMs: number; callback: () => void }[] = [];
  const requests: { spans: number[]; answer: (status: number | Error) => Promise<void> }[] = [];
  const clock: Clock = {
    wallMs: () => 0,
    monotonicMs: () => 0,
    after: (delayMs, callback) => {
      timers.push({ delayMs, callback });
      return () => undefined;
    },
  };
  const registry = new Registry();
  const exporter = new SpanExporter({
    resource: { 'service.name': 'easyfaas' },
    clock,
    logger: silentLogger(),
    registry,
    post: (body) =>
      new Promise((resolve, reject) => {
        const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: { n: number }[] }[] }[] };
        requests.push({
          spans: resourceSpans[0]?.scopeSpans[0]?.spans.map(({ n }) => n) ?? [],
          answer: async (status) => {
            if (status instanceof Error) reject(status);
            else resolve(status);
            await new Promise(setImmediate);
          },
        });
      }),
  });
  const add = (from: number, to: number): void => {
    for (let n = from; n < to; n++) exporter.add(`{"n":${n}}`);
  };
  const figures = async (): Promise<number[]> =>
    Promise.all(
      ['easyfaas_spans_exported_total', 'easyfaas_spans_dropped_total'].map(
        async (name) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value ?? 0,
      ),
    );
  return { exporter, timers, requests, add, figures };
}

describe('spans', () => {
  it('go out together after a while, or as soon as there are many, one request at a time', async () => {
    const { timers, requests, add, figures } = underTest();
    add(0, 3);
    expect([requests.length, timers.map(({ delayMs }) => delayMs)]).toEqual([0, [1000]]);
    timers[0]?.callback();
    expect(requests[0]?.spans).toEqual([0, 1, 2]);
    add(3, 600);
    expect(requests).toHaveLength(1);
    await requests[0]?.answer(200);
    timers.at(-1)?.callback();
    expect([requests.length, requests[1]?.spans.length]).toEqual([2, 512]);
    await requests[1]?.answer(200);
    expect(await figures()).toEqual([515, 0]);
  });

  it('are kept for later when the collector is away, and the surplus is dropped and counted', async () => {
    const { timers, requests, add, figures } = underTest();
    add(0, 512);
    expect(requests).toHaveLength(1);
    add(512, 3000);
    expect(await figures()).toEqual([0, 3000 - 512 - 2048]);
    await requests[0]?.answer(new Error('no connection'));
    expect(await figures()).toEqual([0, 3000 - 2048]);
    timers.at(-1)?.callback();
    await requests[1]?.answer(503);
    expect(timers.at(-1)?.delayMs).toBe(2000);
    timers.at(-1)?.callback();
    await requests[2]?.answer(200);
    expect(await figures()).toEqual([512, 3000 - 2048 + 0]);
  });

  it('are dropped when the collector says that they are wrong', async () => {
    const { exporter, requests, add, figures } = underTest();
    add(0, 512);
    await requests[0]?.answer(400);
    expect(await figures()).toEqual([0, 512]);
    add(512, 513);
    await exporter.stop();
    expect(requests).toHaveLength(1);
  });

  it('that gather while others are on their way are sent when the service ends, too', async () => {
    const { exporter, requests, add, figures } = underTest();
    add(0, 512);
    add(512, 515);
    let isStopped = false;
    const stopped = exporter.stop().then(() => (isStopped = true));
    await requests[0]?.answer(200);
    expect([requests.length, isStopped]).toEqual([2, false]);
    await requests[1]?.answer(200);
    await stopped;
    expect(await figures()).toEqual([515, 0]);
  });

  it('that wait are sent when the service ends', async () => {
    const { exporter, requests, add, figures } = underTest();
    add(0, 2);
    const stopped = exporter.stop();
    await requests[0]?.answer(200);
    await stopped;
    expect(await figures()).toEqual([2, 0]);
  });
});

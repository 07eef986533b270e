import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMetrics, silentLogger, systemClock } from '@easyfaas/service-kit';
import { createTraces } from '../src/traces/create-traces';
import { eventually } from './eventually';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';
import { LocalController } from './support/local-controller';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const SOURCE = 'exports.handler = async (event, context) => [context.traceparent, context.tracestate]';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  traceState?: string;
}

/** As much of a collector as can be asked what it got. */
async function startCollector() {
  const spans: Span[] = [];
  const seen: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
      seen.push([request.url, request.headers['content-type'], request.headers['x-team']]);
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap((scope) => scope.spans));
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { spans, seen, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), stop: () => server.close() };
}

describeWithRedis('E3 traces', () => {
  let redis: TestRedis;
  let collector: Awaited<ReturnType<typeof startCollector>>;
  let local: LocalController;
  let stopTraces: () => Promise<void>;

  beforeAll(async () => {
    redis = await startRedis();
    collector = await startCollector();
    const { traces, stop } = createTraces(
      { endpoint: collector.url, headers: { 'X-Team': 'one' }, rate: 1, serviceName: 'easyfaas' },
      { clock: systemClock, logger: silentLogger(), registry: createMetrics('traces'), version: 'test', podId: undefined },
    );
    stopTraces = stop;
    local = new LocalController({ redis, traces });
    await local.start();
    local.deploy('traced', { source: SOURCE });
    local.deploy('next', { source: SOURCE });
  }, 60_000);

  afterAll(async () => {
    await local.stop();
    await stopTraces();
    collector.stop();
    await redis.stop();
  });

  const spansOf = (traceId: string): Span[] => collector.spans.filter((span) => span.traceId === traceId);
  const headers = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'vendor=1' };

  it('go on from the caller through the call to the function, and are told in the answer', async () => {
    const answer = await local.invoke('traced', {}, headers);
    const [traceparent, tracestate] = JSON.parse(answer.text) as string[];
    await eventually(() => expect(spansOf(TRACE)).toHaveLength(1), 20_000);
    const [span] = spansOf(TRACE);
    expect(span).toMatchObject({ parentSpanId: CALLER, name: 'traced', traceState: 'vendor=1' });
    expect([traceparent, tracestate]).toEqual([`00-${TRACE}-${span?.spanId}-01`, 'vendor=1']);
    expect(answer.headers.get('traceparent')).toBe(traceparent);
    expect(local.records.at(-1)?.traceId).toBe(TRACE);
    expect(collector.seen[0]).toEqual(['/v1/traces', 'application/json', 'one']);
  }, 60_000);

  it('begin with a call that belongs to none, or whose header is wrong', async () => {
    const answer = await local.invoke('traced', {}, { traceparent: `00-${'0'.repeat(32)}-${CALLER}-01`, tracestate: 'vendor=1' });
    const traceId = (answer.headers.get('x-easyfaas-request-id') ?? '').replaceAll('-', '');
    await eventually(() => expect(spansOf(traceId)).toHaveLength(1), 20_000);
    expect(spansOf(traceId)[0]?.parentSpanId).toBeUndefined();
    expect(JSON.parse(answer.text)).toEqual([`00-${traceId}-${spansOf(traceId)[0]?.spanId}-01`, null]);
  }, 60_000);

  it('go on through an event to the function that gets its outcome', async () => {
    const trace = TRACE.replaceAll('0', '1');
    const key = { accountId: 'default', functionName: 'traced', qualifier: '$LATEST' };
    const Destination = 'brn:cloud:faas:local:default:function:next';
    await local.events.configs.put(key, { DestinationConfig: { OnSuccess: { Destination } } }, () => undefined);
    await local.invoke('traced', {}, { 'X-Easyfaas-Invoke-Type': 'event', ...headers, traceparent: `00-${trace}-${CALLER}-01` });
    await eventually(() => expect(spansOf(trace).map(({ name }) => name)).toEqual(['traced', 'next']), 30_000);
    const [event, outcome] = spansOf(trace);
    expect([event?.parentSpanId, outcome?.parentSpanId, outcome?.traceState]).toEqual([CALLER, event?.spanId, 'vendor=1']);
    await eventually(() => expect(local.records.at(-1)).toMatchObject({ functionName: 'next', traceId: trace }), 20_000);
  }, 60_000);
});

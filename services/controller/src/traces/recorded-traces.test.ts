import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { PASSED_TRACES } from './passed-traces';
import { RecordedTraces } from './recorded-traces';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const REQUEST = '221134a4-8176-4d4b-948b-8cc6786af8e5';

const record: InvocationRecord = {
  requestId: REQUEST,
  accountId: 'default',
  functionName: 'hello',
  version: '$LATEST',
  commitId: 'c',
  invokeType: 'RequestResponse',
  status: 'failed',
  httpStatus: 200,
  errorType: 'TypeError',
  start: 'cold',
  startedAt: '2026-01-31T12:00:00.000Z',
  stages: { totalMs: 1.5, waitMs: 0.25, invokeMs: 3 },
  payloadBytes: 0,
  resultBytes: 0,
};

type Span = Record<string, unknown> & { attributes: { key: string; value: unknown }[] };

function recorded(rate = 1): { traces: RecordedTraces; spans: Span[] } {
  const spans: Span[] = [];
  let byte = 0;
  const random = (bytes: number): Buffer => Buffer.from(Array.from({ length: bytes }, () => byte++ % 256));
  return { traces: new RecordedTraces({ rate, random, send: (span) => void spans.push(JSON.parse(span) as Span) }), spans };
}

describe('a call of a trace', () => {
  it('is a span below its caller and above its function', () => {
    const { traces, spans } = recorded();
    const trace = traces.begin({ requestId: REQUEST, traceparent: SAMPLED, tracestate: 'a=1' });
    expect(trace).toMatchObject({ traceparent: `00-${TRACE}-0001020304050607-01`, tracestate: 'a=1' });
    if (trace !== undefined) traces.end(trace, record, 1_700_000_000_000.25);
    expect(spans).toMatchObject([
      {
        traceId: TRACE,
        spanId: '0001020304050607',
        parentSpanId: SPAN,
        traceState: 'a=1',
        name: 'hello',
        kind: 2,
        startTimeUnixNano: '1700000000000250000',
        endTimeUnixNano: '1700000000001750000',
        status: { code: 2, message: 'TypeError' },
      },
    ]);
    expect(Object.fromEntries(spans[0]?.attributes.map(({ key, value }) => [key, value]) ?? [])).toMatchObject({
      'faas.coldstart': { boolValue: true },
      'faas.invocation_id': { stringValue: REQUEST },
      'http.response.status_code': { intValue: '200' },
      'easyfaas.wait_ms': { doubleValue: 0.25 },
      'easyfaas.invoke_ms': { doubleValue: 3 },
    });
  });

  it('is no span where its caller says that the trace is not recorded, or another pod has made one', () => {
    const { traces, spans } = recorded();
    const unsampled = traces.begin({ requestId: REQUEST, traceparent: `00-${TRACE}-${SPAN}-00` });
    const forwarded = traces.begin({ requestId: REQUEST, traceparent: SAMPLED, forwarded: {} });
    expect([unsampled?.traceparent, forwarded?.traceparent]).toEqual([`00-${TRACE}-${SPAN}-00`, SAMPLED]);
    for (const each of [unsampled, forwarded]) if (each !== undefined) traces.end(each, record, 0);
    expect(spans).toEqual([]);
  });

  it('begins one where there is none, the same for every try of one id, for as many as are asked for', () => {
    const { traces } = recorded();
    const begin = (traceparent: string | undefined) => traces.begin({ requestId: REQUEST, traceparent });
    expect([begin(undefined)?.traceId, begin('nonsense')?.traceId]).toEqual([REQUEST.replaceAll('-', ''), REQUEST.replaceAll('-', '')]);
    expect(begin(undefined)?.parentSpanId).toBeUndefined();
    expect(traces.begin({ requestId: 'my-own-id', traceparent: undefined })?.traceId).toMatch(/^[0-9a-f]{32}$/);
    const nil = traces.begin({ requestId: '00000000-0000-0000-0000-000000000000', traceparent: undefined });
    expect(nil?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    const half = recorded(0.5).traces;
    const chosen = Array.from({ length: 16 }, (_, n) =>
      half.begin({ requestId: `221134a4-8176-4d4b-948b-8cc6${n.toString(16)}86af8e5`, traceparent: undefined }),
    );
    expect(chosen.filter((each) => each !== undefined)).toHaveLength(8);
    expect(recorded(0).traces.begin({ requestId: REQUEST, traceparent: undefined })).toBeUndefined();
  });

  it('is handed on as it came where no spans are made, if it is valid', () => {
    const begin = (traceparent: string | undefined, tracestate?: string) =>
      PASSED_TRACES.begin({ requestId: REQUEST, traceparent, tracestate });
    expect(begin(SAMPLED, 'a=1')).toMatchObject({ traceparent: SAMPLED, tracestate: 'a=1', spanId: undefined });
    expect(begin(SAMPLED, 'A=1')).toMatchObject({ traceparent: SAMPLED, tracestate: undefined });
    expect([begin(undefined), begin('nonsense', 'a=1')]).toEqual([undefined, undefined]);
  });
});

import { isTracestate, readTraceparent } from './trace-context';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('a traceparent', () => {
  it('says trace, span and whether it is sampled, whatever its version adds', () => {
    expect(readTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, parentSpanId: SPAN, isSampled: true });
    expect(readTraceparent(`00-${TRACE}-${SPAN}-02`)?.isSampled).toBe(false);
    expect(readTraceparent(`cc-${TRACE}-${SPAN}-03-what-comes`)?.isSampled).toBe(true);
  });

  it.each([
    '',
    'nonsense',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
    `01-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`,
  ])('is not %j', (text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });
});

describe('a tracestate', () => {
  it.each(['a=1', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', 'tenant@vendor=x', 'a=1, , b=2 '])('is %j', (text) => {
    expect(isTracestate(text)).toBe(true);
  });

  it.each([
    'a',
    'A=1',
    'a=1,b',
    'a=b=c',
    'a=ü',
    'a=1\r\nX: 1',
    `a=${'x'.repeat(600)}`,
    Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(','),
  ])('is not %j', (text) => {
    expect(isTracestate(text)).toBe(false);
  });
});

/** What a valid `traceparent` says. */
export interface TraceContext {
  /** 32 hex characters. */
  traceId: string;
  /** 16 hex characters: the span of whoever calls. */
  parentSpanId: string;
  isSampled: boolean;
}

/** W3C Trace Context, 3.2: a version that we do not know has these fields in front all the same. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const TRACEPARENT_CHARACTERS = 256;
const SAMPLED = 0x01;

/** @returns undefined for what is none: such a header counts as absent (3.2.2) */
export function readTraceparent(text: string): TraceContext | undefined {
  const match = text.length > TRACEPARENT_CHARACTERS ? null : TRACEPARENT.exec(text);
  if (match === null) return undefined;
  const [, version, traceId = '', parentSpanId = '', flags = '', more] = match;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (traceId === NO_TRACE || parentSpanId === NO_SPAN) return undefined;
  return { traceId, parentSpanId, isSampled: (parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

/** The header for whoever is called by this span. */
export function traceparentOf(traceId: string, spanId: string, isSampled: boolean): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** 3.3.1: at least so many characters are to be passed on, and at most so many members. */
const TRACESTATE_CHARACTERS = 512;
const TRACESTATE_MEMBERS = 32;
const MEMBER = /^[ \t]*(?:[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])?[ \t]*$/;

/** Whether it may be passed on; one that may not is dropped, and the `traceparent` beside it stays. */
export function isTracestate(text: string): boolean {
  if (text.length > TRACESTATE_CHARACTERS) return false;
  const members = text.split(',');
  return members.length <= TRACESTATE_MEMBERS && members.every((member) => MEMBER.test(member));
}

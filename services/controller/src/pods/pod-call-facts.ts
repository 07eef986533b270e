import { LIMITS, type PodCallFacts } from '@easyfaas/contracts/wire';
import type { Call } from '../invoke/call';
import { lastBytes } from '../invoke/log-tail';
import type { Outcome } from '../invoke/outcome';

/** Of an error object behind an answer in pieces, in a trailer. */
const ERROR_BYTES_MAX = 8192;

/** What the pod where a call came from is to know of it. @param outcome absent while the function runs */
export function factsOf(call: Call, outcome?: Extract<Outcome, { kind: 'result' | 'function-error' }>): PodCallFacts {
  const { containerId, start, coldReason, warmUpMs, initMs, invokeMs, log } = call;
  return {
    outcome: outcome?.kind ?? 'result',
    ...(containerId === undefined ? {} : { containerId }),
    ...(start === undefined ? {} : { start }),
    ...(coldReason === undefined ? {} : { coldReason }),
    ...(warmUpMs === undefined ? {} : { warmUpMs }),
    ...(initMs === undefined ? {} : { initMs }),
    invokeMs,
    ...(outcome === undefined ? {} : endOf(call, outcome)),
    ...(outcome === undefined || log === undefined ? {} : { log: lastBytes(log.text(), LIMITS.logTailBytes).toString('base64') }),
  };
}

function endOf({ answer }: Call, outcome: Extract<Outcome, { kind: 'result' | 'function-error' }>): Partial<PodCallFacts> {
  const { cpuMs, maxRssKb } = outcome;
  const used = { ...(cpuMs === undefined ? {} : { cpuMs }), ...(maxRssKb === undefined ? {} : { maxRssKb }) };
  if (outcome.kind === 'result') return { ...used, ...(outcome.http === undefined ? {} : { http: outcome.http }) };
  const error = answer?.hasBegun === true ? { error: errorOf(outcome).toString('base64') } : {};
  return { ...used, errorType: outcome.errorType, ...error };
}

function errorOf({ body, errorType }: Extract<Outcome, { kind: 'function-error' }>): Buffer {
  if (body.length <= ERROR_BYTES_MAX) return body;
  return Buffer.from(JSON.stringify({ errorType, errorMessage: 'The error object is too large to be told behind an answer in pieces.' }));
}

/** As the header and the trailer have it. */
export const encodedFacts = (facts: PodCallFacts): string => Buffer.from(JSON.stringify(facts)).toString('base64url');

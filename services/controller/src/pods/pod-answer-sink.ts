import type { ServerResponse } from 'node:http';
import { LIMITS, POD_FACTS_HEADER } from '@easyfaas/contracts/wire';
import type { Call } from '../invoke/call';
import { HttpAnswerSink, type StreamSettings } from '../invoke/http-answer-sink';
import type { Outcome } from '../invoke/outcome';
import { encodedFacts, factsOf } from './pod-call-facts';

/** The client's patience is the other pod's business; here nothing lasts longer than a function may run. */
const STALL_MS = LIMITS.timeoutSecondsMax * 1000;

/** An answer in pieces on its way to another pod: what is known of the call in a header, how it ended in a trailer. */
export class PodAnswerSink extends HttpAnswerSink {
  constructor(response: ServerResponse, { clock, payloads }: Pick<StreamSettings, 'clock' | 'payloads'>) {
    super(response, { clock, payloads, stallMs: STALL_MS }, (call, { contentType, http }) => {
      const invokeMs = Math.max(0, clock.monotonicMs() - call.sentAtMs - (call.initMs ?? 0));
      const facts = { ...factsOf(call), invokeMs, isStreamed: true, ...(http === undefined ? {} : { http }) } as const;
      response.writeHead(200, { 'Content-Type': contentType, Trailer: POD_FACTS_HEADER, [POD_FACTS_HEADER]: encodedFacts(facts) });
    });
  }

  /** What is none of the function's doing cannot be told any more: the connection breaks off, as the container did. */
  finish(call: Call, outcome: Outcome): void {
    if (outcome.kind === 'abandoned' || outcome.kind === 'platform-error') return this.abort();
    this.end([[POD_FACTS_HEADER, encodedFacts(factsOf(call, outcome))]]);
  }
}

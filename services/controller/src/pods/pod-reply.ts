import type { ServerResponse } from 'node:http';
import { POD_FACTS_HEADER } from '@easyfaas/contracts/wire';
import { sendError } from '../http/send-error';
import type { Call, Reply } from '../invoke/call';
import type { Outcome } from '../invoke/outcome';
import type { PodAnswerSink } from './pod-answer-sink';
import { encodedFacts, factsOf } from './pod-call-facts';

/** The answer to another pod: facts in a header, the function's own bytes as the body. */
export class PodReply implements Reply {
  readonly #response: ServerResponse;
  readonly #sink: PodAnswerSink | undefined;
  readonly #release: () => void;

  /** @param sink takes the answer if it comes in pieces */
  constructor(response: ServerResponse, sink: PodAnswerSink | undefined, release: () => void) {
    this.#response = response;
    this.#sink = sink;
    this.#release = release;
  }

  settle(call: Call, outcome: Outcome): number {
    this.#release();
    const response = this.#response;
    if (call.answer?.hasBegun === true && this.#sink !== undefined) {
      this.#sink.finish(call, outcome);
      return 200;
    }
    if (response.headersSent || response.destroyed || outcome.kind === 'abandoned') return 499;
    if (outcome.kind === 'platform-error') {
      sendError(response, outcome.error, call.requestId);
      return outcome.error.status;
    }
    response.writeHead(200, {
      'Content-Type': outcome.kind === 'result' ? outcome.contentType : 'application/json',
      'Content-Length': outcome.body.length,
      [POD_FACTS_HEADER]: encodedFacts(factsOf(call, outcome)),
    });
    response.end(outcome.body);
    return 200;
  }
}

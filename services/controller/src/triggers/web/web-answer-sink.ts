import { HttpAnswerSink, type StreamSettings } from '../../invoke/http-answer-sink';
import type { InvocationResult } from '../../invoke/invoker';
import { serverTiming } from '../../invoke/server-timing';
import { httpAnswerHead } from './http-answer';
import { type WebRequest, beginAnswer } from './web-request';

/** Where a streamed answer to a request of the web goes: status and headers are the function's. */
export class WebAnswerSink extends HttpAnswerSink {
  constructor(web: WebRequest, settings: StreamSettings) {
    super(web.response, settings, (call, head) =>
      // Proxies such as nginx otherwise collect an answer before they pass it on.
      beginAnswer(web, httpAnswerHead(head), ['Server-Timing', serverTiming(call), 'X-Accel-Buffering', 'no']),
    );
  }

  /** @returns false when nothing was streamed: the result is to be answered as any other */
  finish({ kind, streamedBytes }: InvocationResult): boolean {
    if (streamedBytes === undefined) return false;
    if (kind === 'success') this.end();
    else this.abort();
    return true;
  }
}

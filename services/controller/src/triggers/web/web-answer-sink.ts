import type { AnswerHead } from '../../invoke/answer-stream';
import { HttpAnswerSink, type StreamSettings } from '../../invoke/http-answer-sink';
import type { InvocationResult } from '../../invoke/invoker';
import { serverTiming } from '../../invoke/server-timing';
import { type HttpAnswerHead, httpAnswerHead } from './http-answer';
import { type WebRequest, beginAnswer } from './web-request';

/** Where a streamed answer to a request of the web goes: status and headers are the function's. */
export class WebAnswerSink extends HttpAnswerSink {
  /** @param headOf status and headers of what the function says; throws ServiceError when they cannot be sent */
  constructor(web: WebRequest, settings: StreamSettings, headOf: (head: AnswerHead) => HttpAnswerHead = httpAnswerHead) {
    super(web.response, settings, (call, head) =>
      // Proxies such as nginx otherwise collect an answer before they pass it on.
      beginAnswer(web, headOf(head), [
        'Server-Timing',
        serverTiming(call),
        'X-Accel-Buffering',
        'no',
        ...(call.trace === undefined ? [] : ['Traceparent', call.trace.traceparent]),
      ]),
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

import type { ServerResponse } from 'node:http';
import { errorEnvelope } from '@easyfaas/service-kit';
import type { AnswerHead } from './answer-stream';
import type { Call } from './call';
import { logTail } from './call-record';
import type { NodeMessages } from './exchange';
import { HttpAnswerSink, type StreamSettings } from './http-answer-sink';
import type { InvocationSink } from './invoke-dialect';
import type { Outcome } from './outcome';
import { milliseconds, serverTiming } from './server-timing';

/** An error object that is larger is cut to its first two members: a client's limit for all headers is often 16 KiB. */
const ERROR_BYTES_MAX = 4096;
const TRAILERS = 'X-Easyfaas-Function-Exectime, X-Easyfaas-Function-Error, X-Easyfaas-Error, X-Easyfaas-Log-Result';

/** The native dialect's answer in pieces: how the call ended is told in trailers to a client that says `TE: trailers` (RFC 9110, 6.5). */
export class StreamedInvocation extends HttpAnswerSink implements InvocationSink {
  readonly #wantsTrailers: boolean;

  constructor({ request, response }: NodeMessages, settings: StreamSettings) {
    const wantsTrailers = /(?:^|,)\s*trailers\b/i.test(String(request.headers['te']));
    super(response, settings, (call, head) => writeHead(response, call, head, wantsTrailers));
    this.#wantsTrailers = wantsTrailers;
  }

  /** The call has ended after its answer had begun. */
  finish(call: Call, outcome: Outcome): void {
    if (outcome.kind === 'abandoned') return this.abort();
    if (this.#wantsTrailers) return this.end(trailersOf(call, outcome));
    if (outcome.kind === 'result') this.end();
    else this.abort();
  }
}

function writeHead(response: ServerResponse, call: Call, { contentType }: AnswerHead, wantsTrailers: boolean): void {
  response.writeHead(200, {
    'Content-Type': contentType,
    'X-Easyfaas-Request-Id': call.requestId,
    'Server-Timing': serverTiming(call),
    'X-Easyfaas-Executed-Version': call.request.stored.configuration.Version,
    // Proxies such as nginx otherwise collect an answer before they pass it on.
    'X-Accel-Buffering': 'no',
    ...(wantsTrailers ? { Trailer: TRAILERS } : {}),
    ...(call.containerId === undefined ? {} : { 'X-Easyfaas-Container': call.containerId }),
    ...(call.elsewhere?.podId === undefined ? {} : { 'X-Easyfaas-Pod': call.elsewhere.podId }),
    ...(call.trace === undefined ? {} : { Traceparent: call.trace.traceparent }),
    ...(call.start === undefined ? {} : { 'X-Easyfaas-Start': call.start }),
  });
}

function trailersOf(call: Call, outcome: Exclude<Outcome, { kind: 'abandoned' }>): [string, string][] {
  const trailers: [string, string][] = [['X-Easyfaas-Function-Exectime', milliseconds(call.invokeMs)]];
  if (outcome.kind === 'function-error') trailers.push(['X-Easyfaas-Function-Error', 'Unhandled']);
  if (outcome.kind !== 'result') trailers.push(['X-Easyfaas-Error', errorOf(call, outcome).toString('base64')]);
  if (call.request.wantsLogTail) trailers.push(['X-Easyfaas-Log-Result', logTail(call, outcome).toString('base64')]);
  return trailers;
}

/** What the body would be if the call had failed before its answer began. */
function errorOf({ requestId }: Call, outcome: Extract<Outcome, { kind: 'function-error' | 'platform-error' }>): Buffer {
  if (outcome.kind === 'platform-error') return Buffer.from(JSON.stringify(errorEnvelope(outcome.error, requestId)));
  if (outcome.body.length <= ERROR_BYTES_MAX) return outcome.body;
  const { errorType } = outcome;
  return Buffer.from(
    JSON.stringify({ errorType, errorMessage: 'The error object is too large for a trailer; the record has the message.' }),
  );
}

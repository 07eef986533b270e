import type { ServerResponse } from 'node:http';
import { LAMBDA_REQUEST_ID_HEADER } from '../../http/lambda/lambda-answers';
import { lambdaErrorOf } from '../../http/lambda/lambda-error';
import type { Call } from '../call';
import { logTail } from '../call-record';
import { HttpAnswerSink, type StreamSettings } from '../http-answer-sink';
import type { InvocationSink, RanOutcome } from '../invoke-dialect';
import type { Outcome } from '../outcome';
import { serverTiming } from '../server-timing';
import type * as streamMessages from './stream-messages';

/** Loaded when the first such call comes. */
export type StreamMessages = typeof streamMessages;

/**
 * The answer of AWS Lambda's `InvokeWithResponseStream`: messages with pieces of it, and a last one that tells how the call ended. A
 * function that does not stream has one piece.
 */
export class LambdaStream extends HttpAnswerSink implements InvocationSink {
  readonly #response: ServerResponse;
  readonly #messages: StreamMessages;

  constructor(response: ServerResponse, settings: StreamSettings, messages: StreamMessages) {
    super(response, settings, (call, { http }) => {
      writeHead(response, call);
      if (http !== undefined) response.write(messages.metadataChunk(http));
    });
    this.#response = response;
    this.#messages = messages;
  }

  override write(bytes: Buffer): boolean {
    return super.write(bytes.length === 0 ? bytes : this.#messages.payloadChunk(bytes));
  }

  finish(call: Call, outcome: Outcome): void {
    if (outcome.kind === 'abandoned') return this.abort();
    super.write(this.#messages.invokeComplete(completion(call, outcome)));
    this.end();
  }

  sendWhole(call: Call, outcome: RanOutcome): number {
    const { metadataChunk, payloadChunk, invokeComplete } = this.#messages;
    writeHead(this.#response, call);
    if (outcome.kind === 'result') {
      if (outcome.http !== undefined) this.#response.write(metadataChunk(outcome.http));
      if (outcome.body.length > 0) this.#response.write(payloadChunk(outcome.body));
    }
    this.#response.end(invokeComplete(completion(call, outcome)));
    return this.#response.statusCode;
  }
}

function writeHead(response: ServerResponse, call: Call): void {
  response.writeHead(200, {
    'Content-Type': 'application/vnd.amazon.eventstream',
    [LAMBDA_REQUEST_ID_HEADER]: call.requestId,
    'X-Easyfaas-Request-Id': call.requestId,
    'X-Amz-Executed-Version': call.request.stored.configuration.Version,
    'Server-Timing': serverTiming(call),
    // Proxies such as nginx otherwise collect an answer before they pass it on.
    'X-Accel-Buffering': 'no',
    ...(call.containerId === undefined ? {} : { 'X-Easyfaas-Container': call.containerId }),
    ...(call.trace === undefined ? {} : { Traceparent: call.trace.traceparent }),
    ...(call.start === undefined ? {} : { 'X-Easyfaas-Start': call.start }),
  });
}

function completion(call: Call, outcome: Exclude<Outcome, { kind: 'abandoned' }>): streamMessages.InvokeComplete {
  return { ...failure(outcome), ...(call.request.wantsLogTail ? { LogResult: logTail(call, outcome).toString('base64') } : {}) };
}

/** The details of a function's error are the object that `Invoke` answers with. */
function failure(outcome: Exclude<Outcome, { kind: 'abandoned' }>): streamMessages.InvokeComplete {
  if (outcome.kind === 'result') return {};
  if (outcome.kind === 'function-error') return { ErrorCode: 'Unhandled', ErrorDetails: outcome.body.toString() };
  return { ErrorCode: lambdaErrorOf(outcome.error).awsName, ErrorDetails: outcome.error.message };
}

'use strict';
// What the user's process answers: checks, sends it as frames, once for each call.
const { Failure, describe, readErrorBody } = require('./bootstrap-errors.cjs');
const { responseContentType } = require('./bootstrap-headers.cjs');
const { hasPrelude, passOn, readPrelude } = require('./bootstrap-stream.cjs');

const [RESULT, ERROR, END] = [6, 7, 9];
const RESULT_BYTES_MAX = 6 * 1024 * 1024;
const ERROR_BYTES_MAX = 1024 * 1024; // read; what is told of it is less

/**
 * @param usage gives what the user's process has used so far
 * @param isCurrent whether the call came on the connection of now: others have nobody who waits
 */
exports.createAnswers = function createAnswers({ calls, logs, send, usage, isCurrent }) {
  function refusalOf(id) {
    const call = calls.find(id);
    if (call !== undefined && !call.isStreaming) return undefined;
    return call !== undefined || calls.wasAnswered(id)
      ? [403, `Invocation ${id} has been answered already.`]
      : [400, `Invalid request ID: ${id} is no invocation in flight.`];
  }

  /** Sends a call's answer once everything that the process printed before it has been read. */
  async function settle(id, type, header, body) {
    const call = calls.find(id);
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
    if (calls.find(id) !== call) return; // answered twice at once
    if (isCurrent(call)) {
      logs.finish(call);
      send(type, call.stream, { ...header, nonce: call.header.nonce, ...figures(call) }, body);
    }
    calls.settle(call);
  }

  /** Processor time only of a call that had the process to itself: others' cannot be told apart. */
  function figures({ usage: before, wasAlone }) {
    const now = usage();
    if (now === undefined) return {};
    return { ...(wasAlone && before !== undefined ? { cpuMs: now.cpuMs - before.cpuMs } : {}), maxRssKb: now.maxRssKb };
  }

  function onError(id, { headers }, data) {
    const { errorType, body } = readErrorBody(headers['lambda-runtime-function-error-type'], data);
    return settle(id, ERROR, { errorType }, body);
  }

  function onResponse(id, { headers, trailers }, data) {
    if (data === undefined) {
      const message = `Response payload size exceeded maximum allowed payload size (${RESULT_BYTES_MAX} bytes).`;
      const { errorType, body } = describe('Function.ResponseSizeTooLarge', message);
      return settle(id, ERROR, { errorType }, body);
    }
    const errorType = trailers['lambda-runtime-function-error-type'];
    if (errorType !== undefined) {
      const body = Buffer.from(trailers['lambda-runtime-function-error-body'] ?? '', 'base64');
      return onError(id, { headers: { 'lambda-runtime-function-error-type': errorType } }, body);
    }
    if (hasPrelude(headers['content-type'])) return onWhole(id, data);
    return settle(id, RESULT, responseContentType(headers['content-type']), data.length === 0 ? 'null' : data);
  }

  /** An HTTP answer that was to be streamed, for a caller who wants it whole. */
  function onWhole(id, data) {
    try {
      const { head, body } = readPrelude(data) ?? {};
      if (head === undefined) throw new Failure('Runtime.MarshalError', 'The response ended before the end of its metadata.');
      return settle(id, RESULT, head, body);
    } catch (error) {
      return failCall(id, error);
    }
  }

  function failCall(id, error) {
    if (!(error instanceof Failure)) throw error;
    const { errorType, body } = describe(error.errorType, error.message);
    return settle(id, ERROR, { errorType }, body);
  }

  const isStreamed = (id, { headers }) =>
    headers['lambda-runtime-function-response-mode'] === 'streaming' &&
    refusalOf(id) === undefined &&
    calls.find(id).windowBytes !== undefined;

  async function onStream(id, request) {
    const call = calls.find(id);
    call.isStreaming = true;
    try {
      await passOn(call, request, (type, header, body) => {
        if (call.windowBytes !== Infinity) send(type, call.stream, { ...header, nonce: call.header.nonce }, body);
      });
    } catch (error) {
      return failCall(id, error);
    }
    const { 'lambda-runtime-function-error-type': errorType, 'lambda-runtime-function-error-body': body = '' } = request.trailers;
    if (errorType === undefined) return settle(id, END, {}, '');
    return onError(id, { headers: { 'lambda-runtime-function-error-type': errorType } }, Buffer.from(body, 'base64'));
  }

  return { refusalOf, onResponse, isStreamed, onStream, onError, responseBytesMax: RESULT_BYTES_MAX, errorBytesMax: ERROR_BYTES_MAX };
};

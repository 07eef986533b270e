'use strict';
// Answers in pieces: `awslambda.streamifyResponse`, and the stream that its handlers write to (docs/protocol.md, CHUNK).
const { Writable } = require('node:stream');
const { describe, Failure } = require('./bootstrap-errors.cjs');

const [RESULT, CHUNK, END] = [6, 8, 9];
const PIECE_BYTES = 64 * 1024; // between two pieces, frames of other calls can go out
const BUFFERED_BYTES_MAX = 6 * 1024 * 1024;
const HEAD_BYTES_MAX = 32 * 1024;
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming'); // AWS Lambda's mark, which wrappers look for
const { stringify } = JSON;
const { byteLength, concat, from: bufferFrom } = Buffer;

exports.createStreaming = function createStreaming({ wire, settle, fail, figures, isWanted }) {
  /** What the handler writes to. Its pieces leave as far as the controller allows; the rest waits here, and the handler with it. */
  class ResponseStream extends Writable {
    #call;
    #windowBytes; // undefined where the caller wants the answer whole
    #collected = [];
    #collectedBytes = 0;
    #hasBegun = false;
    #contentType = 'application/octet-stream';
    #http;
    #piece; // what is being sent: its bytes, how far it is, whom to tell
    #at = 0;
    #done;

    constructor(call, windowBytes) {
      super({ highWaterMark: PIECE_BYTES });
      this.#call = call;
      this.#windowBytes = windowBytes;
    }

    setContentType(contentType) {
      this.#contentType = String(contentType);
    }

    static setHttp(stream, http) {
      stream.#http = http;
      const named = Object.entries(http?.headers ?? {}).find(([name]) => name.toLowerCase() === 'content-type');
      if (named !== undefined) stream.setContentType(named[1]);
    }

    /** Objects are written as JSON, as on AWS Lambda. */
    write(chunk, ...rest) {
      const isPlain = typeof chunk === 'string' || ArrayBuffer.isView(chunk) || chunk === null || chunk === undefined;
      return super.write(isPlain ? chunk : stringify(chunk), ...rest);
    }

    _write(chunk, _encoding, done) {
      if (this.#windowBytes === undefined) return this.#collect(chunk, done);
      if (chunk.length === 0 && !this.#hasBegun) this.#send(chunk); // tells the client that there is something to wait for
      this.#piece = chunk;
      this.#at = 0;
      this.#done = done;
      this.#pump();
    }

    _writev(writes, done) {
      const chunks = writes.map(({ chunk }) => chunk);
      this._write(chunks.length === 1 ? chunks[0] : concat(chunks), undefined, done);
    }

    _destroy(error, done) {
      this.#piece = this.#done = undefined;
      done(error);
    }

    #collect(chunk, done) {
      this.#collectedBytes += chunk.length;
      if (this.#collectedBytes > BUFFERED_BYTES_MAX) {
        this.#collected = [];
        const message = `Response payload size exceeded maximum allowed payload size (${BUFFERED_BYTES_MAX} bytes); a streamed answer may be larger.`;
        return done(new Failure('Function.ResponseSizeTooLarge', message));
      }
      this.#collected.push(bufferFrom(chunk)); // the caller may use its buffer again
      done();
    }

    #pump() {
      while (this.#at < this.#piece.length) {
        const bytes = Math.min(this.#piece.length - this.#at, this.#windowBytes, PIECE_BYTES);
        if (bytes === 0) return;
        const at = this.#at;
        this.#at += bytes;
        this.#windowBytes -= bytes;
        try {
          this.#send(this.#piece.subarray(at, at + bytes));
        } catch (error) {
          return void this.destroy(error);
        }
      }
      const done = this.#done;
      this.#piece = this.#done = undefined;
      done();
    }

    #send(bytes) {
      const head = this.#hasBegun ? '' : this.#head();
      this.#hasBegun = true;
      if (isWanted(this.#call)) wire.send(CHUNK, this.#call.stream, `{"nonce":${stringify(this.#call.nonce)}${head}}`, bytes);
    }

    /** Members of the header of an answer's first frame. */
    #head() {
      const http = this.#http === undefined ? '' : `,"http":${stringify(this.#http)}`;
      if (byteLength(http) > HEAD_BYTES_MAX)
        throw new Failure('Runtime.MarshalError', `The metadata of the answer are over ${HEAD_BYTES_MAX} bytes.`);
      return `,"contentType":${stringify(this.#contentType)}${http}`;
    }

    /** The controller takes so many bytes more. */
    allow(bytes) {
      if (this.#windowBytes === undefined) return;
      this.#windowBytes += bytes;
      if (this.#piece !== undefined) this.#pump();
    }

    /** Nobody waits for the answer: whoever writes is told. */
    cancel() {
      const error = new Error('The call was cancelled: nobody waits for its answer any more.');
      error.name = 'AbortError';
      this.destroy(error);
    }

    /** All was written, and the handler has returned. */
    complete() {
      const call = this.#call;
      if (this.#windowBytes === undefined) {
        const head = this.#head();
        if (settle(call)) wire.send(RESULT, call.stream, `{${figures(call)}${head}}`, concat(this.#collected));
        return;
      }
      if (!this.#hasBegun) this.#send(bufferFrom(''));
      if (settle(call)) wire.send(END, call.stream, `{${figures(call)}}`, '');
    }
  }

  /** The call ends when the stream has and the handler has returned, in whichever order. */
  function run(call, { windowBytes }, handle) {
    const stream = (call.answer = new ResponseStream(call, windowBytes));
    let hasReturned = false;
    let isFinished = false;
    let failure;
    const proceed = () => {
      if (!hasReturned) return;
      if (failure !== undefined) return fail(call, describe(failure));
      if (!isFinished) return;
      try {
        stream.complete();
      } catch (error) {
        fail(call, describe(error));
      }
    };
    const failed = (error) => {
      failure ??= error ?? new Failure('Error', String(error));
      proceed();
    };
    stream.on('finish', () => {
      isFinished = true;
      proceed();
    });
    stream.on('error', failed);
    stream.on(
      'close',
      () => isFinished || failed(new Failure('Runtime.StreamDestroyed', 'The response stream was destroyed before it was ended.')),
    );
    const returned = (error) => {
      hasReturned = true;
      if (error === undefined) return proceed();
      failed(error);
      stream.destroy();
    };
    Promise.resolve(handle(stream)).then(
      () => returned(),
      (error) => returned(error ?? new Failure('Error', String(error))),
    );
  }

  globalThis.awslambda = {
    streamifyResponse: (handler) => Object.assign(handler, { [STREAMING]: 'response' }),
    HttpResponseStream: {
      /** @param http `{ statusCode, headers, cookies }`, for HTTP triggers; before the first write */
      from: (stream, http) => {
        ResponseStream.setHttp(stream, http);
        return stream;
      },
    },
  };
  return { run, isStreaming: (handler) => handler[STREAMING] === 'response' };
};

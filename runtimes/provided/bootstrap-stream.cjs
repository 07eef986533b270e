'use strict';
// Answers in pieces: passes on the body of a response while it comes, as far as the controller allows (docs/protocol.md, CHUNK).
const { Failure } = require('./bootstrap-errors.cjs');

const CHUNK = 8;
const PIECE_BYTES = 64 * 1024; // between two pieces, frames of other calls can go out
/** By this type AWS's runtime clients say that the body begins with what an HTTP answer has besides: JSON, then eight NULs. */
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = Buffer.alloc(8);
const PRELUDE_BYTES_MAX = 32 * 1024;
const DEFAULT_TYPE = 'application/octet-stream';

const hasPrelude = (contentType = '') => contentType.startsWith(PRELUDE_TYPE);

/**
 * @param {Buffer} data that begins with a prelude
 * @returns {{ head: object, body: Buffer } | undefined} members of a frame's header, and what follows; undefined while it is not complete
 * @throws Failure
 */
function readPrelude(data) {
  const end = data.indexOf(PRELUDE_END);
  if (end === -1 && data.length <= PRELUDE_BYTES_MAX) return undefined;
  try {
    if (end === -1 || end > PRELUDE_BYTES_MAX) throw new Error(`they are over ${PRELUDE_BYTES_MAX} bytes`);
    const http = JSON.parse(data.toString('utf8', 0, end));
    const named = Object.entries(http.headers ?? {}).find(([name]) => name.toLowerCase() === 'content-type');
    return { head: { contentType: String(named?.[1] ?? DEFAULT_TYPE), http }, body: data.subarray(end + PRELUDE_END.length) };
  } catch (cause) {
    throw new Failure('Runtime.MarshalError', `The metadata of the answer are not understood: ${cause.message}.`, cause);
  }
}

/**
 * Sends a response's body in pieces. While the window is closed nothing is read, and whoever writes has to wait.
 * @param call `windowBytes` is what may be sent; `wakeUp` is called when there is more, or nobody waits any longer
 * @throws Failure when the body does not come to its end
 */
async function passOn(call, request, send) {
  let head = { contentType: request.headers['content-type'] ?? DEFAULT_TYPE };
  let begun; // of the prelude what has come so far; undefined when it is over
  if (hasPrelude(head.contentType)) begun = Buffer.alloc(0);
  else begin();

  function begin() {
    send(CHUNK, head, ''); // tells the client that there is something to wait for
    head = {};
  }

  async function sendAll(data) {
    for (let at = 0; at < data.length;) {
      const bytes = Math.min(data.length - at, call.windowBytes, PIECE_BYTES);
      if (bytes > 0) send(CHUNK, {}, data.subarray(at, at + bytes));
      else await new Promise((resolve) => (call.wakeUp = resolve));
      at += bytes;
      call.windowBytes -= bytes;
    }
  }

  try {
    for await (const data of request) {
      if (begun === undefined) {
        await sendAll(data);
        continue;
      }
      begun = Buffer.concat([begun, data]);
      const prelude = readPrelude(begun);
      if (prelude === undefined) continue;
      ({ head } = prelude);
      begun = undefined;
      begin();
      await sendAll(prelude.body);
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure('Runtime.TruncatedResponse', 'The runtime ended the response before its end.', cause);
  }
  if (begun !== undefined) throw new Failure('Runtime.MarshalError', 'The response ended before the end of its metadata.');
}

module.exports = { hasPrelude, passOn, readPrelude };

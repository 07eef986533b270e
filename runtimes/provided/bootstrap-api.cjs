'use strict';
// The AWS Lambda Runtime API on loopback: what a custom runtime polls and answers.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html; words of the refusals as AWS's own emulator has them.
const http = require('node:http');

const HOST = '127.0.0.1';
const PORT = 9001;
const BASE = '/2018-06-01/runtime/';
const INVOCATION = /^invocation\/([^/]+)\/(response|error)$/;
const HEADER_BYTES_MAX = 1024 * 1024 + 64 * 1024; // Lambda-Runtime-Function-XRay-Error-Cause may have 1 MiB
/** Of a body over its limit so much is read and thrown away, so that the client comes to read the refusal. */
const DRAINED_BYTES_MAX = 64 * 1024 * 1024;

const CODES = {
  400: 'InvalidRequestID',
  403: 'InvalidStateTransition',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  413: 'RequestEntityTooLarge',
};

function reply(response, status, message) {
  if (response.destroyed) return;
  const body = status === 202 ? { status: 'OK' } : { errorType: CODES[status], errorMessage: message };
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }).end(text);
}

/** @param done called with the body, or undefined when it is over the limit; never when the client goes away before its end */
function readBody(request, bytesMax, done) {
  let chunks = [];
  let bytes = 0;
  request.on('data', (chunk) => {
    const wasOver = bytes > bytesMax;
    bytes += chunk.length;
    if (bytes <= bytesMax) return void chunks.push(chunk);
    chunks = [];
    if (!wasOver) done(undefined);
    return bytes > DRAINED_BYTES_MAX ? void request.destroy() : undefined;
  });
  request.on('end', () => bytes <= bytesMax && done(Buffer.concat(chunks, bytes)));
}

/**
 * @param {{
 *   onPoll(response: object): void,
 *   onInitError(errorType: string | undefined, body: Buffer): boolean,
 *   refusalOf(id: string): [number, string] | undefined,
 *   onResponse(id: string, request: object, body: Buffer | undefined): Promise<void>,
 *   isStreamed(id: string, request: object): boolean, onStream(id: string, request: object): Promise<void>,
 *   onError(id: string, request: object, body: Buffer): Promise<void>,
 *   responseBytesMax: number, errorBytesMax: number,
 * }} events
 * @returns {Promise<string>} host and port, for AWS_LAMBDA_RUNTIME_API
 */
exports.serveRuntimeApi = function serveRuntimeApi(events) {
  const server = http.createServer({ maxHeaderSize: HEADER_BYTES_MAX, requestTimeout: 0, keepAliveTimeout: 0 }, serve);
  server.maxRequestsPerSocket = 0;

  function serve(request, response) {
    request.on('error', () => response.destroy()); // the client is gone
    const path = request.url.startsWith(BASE) ? request.url.slice(BASE.length) : '';
    const [, id, kind] = INVOCATION.exec(path) ?? [];
    const method = path === 'invocation/next' ? 'GET' : id !== undefined || path === 'init/error' ? 'POST' : undefined;
    if (method === undefined || request.method !== method) {
      request.resume();
      return method === undefined ? reply(response, 404, `No such path: ${request.url}`) : reply(response, 405, `Use ${method}.`);
    }
    if (path === 'invocation/next') return void events.onPoll(response);
    if (path === 'init/error') return void readInitError(request, response);
    return void readAnswer(request, response, id, kind);
  }

  function readInitError(request, response) {
    readBody(request, events.errorBytesMax, (body) => {
      if (body === undefined) return reply(response, 413, tooLarge(events.errorBytesMax));
      const isTaken = events.onInitError(request.headers['lambda-runtime-function-error-type'], body);
      return isTaken ? reply(response, 202) : reply(response, 403, 'The runtime has been initialized: it polled for an invocation.');
    });
  }

  async function readAnswer(request, response, id, kind) {
    const isError = kind === 'error';
    if (!isError && events.isStreamed(id, request)) {
      await events.onStream(id, request);
      return reply(response, 202);
    }
    const bytesMax = isError ? events.errorBytesMax : events.responseBytesMax;
    return readBody(request, bytesMax, async (body) => {
      const refusal = events.refusalOf(id);
      if (refusal !== undefined) return reply(response, ...refusal);
      if (isError && body === undefined) return reply(response, 413, tooLarge(bytesMax));
      await (isError ? events.onError(id, request, body) : events.onResponse(id, request, body));
      return body === undefined ? reply(response, 413, tooLarge(bytesMax)) : reply(response, 202);
    });
  }

  return new Promise((resolve, reject) => {
    // In a container the port is free; on a developer's machine another test may have it.
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? server.listen(0, HOST) : reject(error)));
    server.once('listening', () => resolve(`${HOST}:${server.address().port}`));
    server.listen(PORT, HOST);
  });
};

const tooLarge = (bytesMax) => `Exceeded maximum allowed payload size (${bytesMax} bytes).`;

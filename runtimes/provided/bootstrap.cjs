'use strict';
// The runtime process of `provided`: speaks frames with the controller (docs/protocol.md) and the AWS Lambda Runtime API with the
// user's process, /var/task/bootstrap, which it starts at INIT. A call waits here until the user's process polls for it.
const http = require('node:http');
const { once } = require('node:events');
const { randomBytes } = require('node:crypto');
const { serveRuntimeApi } = require('./bootstrap-api.cjs');
const { createCalls } = require('./bootstrap-calls.cjs');
const { createAnswers } = require('./bootstrap-answers.cjs');
const { Failure, describe, readErrorBody } = require('./bootstrap-errors.cjs');
const { invocationHeaders } = require('./bootstrap-headers.cjs');
const { createLogs, createMeter } = require('./bootstrap-logs.cjs');
const { endAs, startBootstrap, usageOf } = require('./bootstrap-process.cjs');
const { createWire } = require('./bootstrap-wire.cjs');

const [HELLO, INIT, INIT_DONE, INIT_ERROR, INVOKE, ERROR] = [1, 2, 3, 4, 5, 7];
const [CANCEL, PING, PONG, WINDOW] = [11, 14, 15, 19];
const CRASH_MS = 1000; // for the last frames to leave
const API_VERSION = '2018-06-01';

const { EASYFAAS_TOKEN: token = '', EASYFAAS_SOCKET: socketPath = '/run/easyfaas/controller.sock', ...ownEnv } = process.env;

let apiAddress;
let config; // header of INIT
let phase = 'idle'; // then loading, ready, failed
let initStartedAtMs = 0;
let pid; // of the user's process
let generation = 0; // of the connection: answers of calls from an older one are dropped

const wire = createWire(socketPath, { onAttached, onFrame, onClosed });
const calls = createCalls(deliver);
const unbound = createMeter(0);
const logs = createLogs(wire, () => {
  const [only, another] = calls.taken();
  return only !== undefined && another === undefined && only.generation === generation ? only : unbound;
});

const answers = createAnswers({
  calls,
  logs,
  send: wire.send,
  usage: () => usageOf(pid),
  isCurrent: (call) => call.generation === generation,
});

// ---- INIT ----
function init(header) {
  if (config) return sendInitError(describe('Runtime.ProtocolViolation', 'a second INIT'));
  initStartedAtMs = performance.now();
  config = header;
  phase = 'loading';
  const env = { ...ownEnv, ...header.env, AWS_LAMBDA_RUNTIME_API: apiAddress, AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' };
  try {
    pid = startBootstrap({ taskRoot: header.taskRoot, env }, { onOutput: logs.write, onEnded, onStartFailed: failInit });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failInit(error);
  }
  return undefined;
}

const failInit = ({ errorType, message }) => {
  phase = 'failed';
  sendInitError(describe(errorType, message));
};

function sendInitError({ errorType, body }) {
  wire.send(INIT_ERROR, 0, { errorType }, body);
}

/** @returns whether it comes in time: before the first poll */
function onInitError(errorType, body) {
  if (phase !== 'loading') return false;
  phase = 'failed';
  calls.takeWaiting(() => true); // INIT_ERROR answers them all
  sendInitError(readErrorBody(errorType, body));
  return true;
}

/** The user's process has ended: this one ends alike, and the runner tells of it. */
function onEnded(code, signal) {
  logs.finish(unbound);
  wire.whenSent(() => endAs(code, signal), CRASH_MS);
}

// ---- Calls ----
function invoke(stream, header, body) {
  if (phase === 'failed') return; // INIT_ERROR has answered it
  logs.finish(unbound);
  const call = Object.assign(createMeter(stream), { header, body, generation, usage: undefined, wasAlone: true, isStreaming: false });
  call.windowBytes = header.windowBytes;
  call.deadlineMs = phase === 'ready' ? Date.now() + header.remainingMs : undefined; // else from the end of INIT on
  calls.add(call);
}

/** The first poll says that the user's process is ready. */
function onPoll(response) {
  if (phase === 'loading') {
    phase = 'ready';
    wire.send(INIT_DONE, 0, { initMs: Math.round((performance.now() - initStartedAtMs) * 1000) / 1000 });
  }
  response.on('close', () => calls.removePoll(response));
  calls.addPoll(response);
}

function deliver(call, response) {
  if (response.destroyed) return false;
  const others = calls.taken();
  for (const each of [call, ...others]) each.wasAlone &&= others.length === 0;
  call.usage = usageOf(pid);
  call.deadlineMs ??= Date.now() + call.header.remainingMs;
  const { headers, body } = invocationHeaders(call, config, () => randomBytes(12).toString('hex'));
  response.on('close', () => !response.writableFinished && calls.giveBack(call));
  response.writeHead(200, headers).end(body);
  return true;
}

/** More of a streamed answer may be sent; when nobody waits for it any more, all that comes is read and dropped. */
function allow(call, bytes) {
  if (call?.windowBytes === undefined) return;
  call.windowBytes += bytes;
  call.wakeUp?.();
}
const takenOf = (stream) => calls.taken().find((call) => call.stream === stream && call.generation === generation);

/** Nobody waits any more: what has not been taken never will be; of the rest the user's process cannot be told. */
function cancel(stream) {
  allow(takenOf(stream), Infinity);
  for (const call of calls.takeWaiting((each) => each.stream === stream && each.generation === generation)) {
    const { errorType, body } = describe('Runtime.Cancelled', 'cancelled before the runtime polled for it');
    wire.send(ERROR, stream, { errorType, nonce: call.header.nonce }, body);
  }
}

// ---- The connection ----
function onAttached() {
  const hello = { protocol: 1, role: 'runtime', pid: process.pid, runtime: 'provided', runtimeVersion: API_VERSION, token };
  wire.send(HELLO, 0, { ...hello, initialized: phase === 'ready', inFlight: calls.unsettled });
}

function onFrame(type, stream, header, body) {
  if (type === INVOKE) invoke(stream, header, Buffer.from(body));
  else if (type === INIT) init(header);
  else if (type === CANCEL) cancel(stream);
  else if (type === WINDOW) allow(takenOf(stream), header.bytes);
  else if (type === PING) wire.send(PONG, stream, {});
}

function onClosed() {
  generation++;
  calls.takeWaiting(() => true);
  for (const call of calls.taken()) allow(call, Infinity);
}

/** One request to ourselves, so that the first real one finds everything compiled. */
async function rehearse() {
  const [host, port] = apiAddress.split(':');
  const [response] = await once(http.get({ host, port, path: '/rehearsal', agent: false }), 'response');
  response.resume();
}

async function main() {
  apiAddress = await serveRuntimeApi({ onPoll, onInitError, ...answers });
  await rehearse();
  wire.connect();
}

void main();

'use strict';
// The runtime process of nodejs20: dials out to the controller, loads the user's handler, runs calls (docs/protocol.md).
require('./bootstrap-flags.cjs');
const { writeSync } = require('node:fs');
const { isUint8Array } = require('node:util').types;
const { AsyncLocalStorage } = require('node:async_hooks');
const { createMeter, createLogs } = require('./bootstrap-logs.cjs');
const { createWire } = require('./bootstrap-wire.cjs');
const { adoptFunction, adoptLimits } = require('./bootstrap-process.cjs');
const { loadHandler, loadErrorType } = require('./bootstrap-handler.cjs');
const { Context, charge, createCall, figures, readEvent, tellCallsApart } = require('./bootstrap-call.cjs');
const { describe, Failure } = require('./bootstrap-errors.cjs');
const { hasNewKills } = require('./bootstrap-memory.cjs');
const { createStreaming } = require('./bootstrap-stream.cjs');
const { rehearsalFrames } = require('./bootstrap-rehearsal.cjs');

const [HELLO, INIT, INIT_DONE, INIT_ERROR, INVOKE, RESULT, ERROR, CANCEL, PING, PONG, UPDATE, WINDOW] = [1, 2, 3, 4, 5, 6, 7, 11, 14, 15, 18, 19]; // prettier-ignore
const RESULT_BYTES_MAX = 6 * 1024 * 1024;
const CRASH_MS = 1000; // for the last frames to leave
const REHEARSALS = 4; // after HELLO, besides the one before it

// Kept from before user code ran, which may replace them.
const { stringify } = JSON;
const { byteLength } = Buffer;
const { env } = process;
const exit = process.reallyExit.bind(process); // not process.exit: a user's exit listener could keep a broken process alive
const now = performance.now.bind(performance);
const token = env.EASYFAAS_TOKEN ?? '';
const socketPath = env.EASYFAAS_SOCKET ?? '/run/easyfaas/controller.sock';
delete env.EASYFAAS_TOKEN;
delete env.EASYFAAS_SOCKET;

let config; // header of INIT
let handler;
let waitsForCallback = false;
let isStreaming = false; // made by `awslambda.streamifyResponse`
let generation = 0; // of the connection: answers of calls from an older one are dropped
let unsettled = 0;
const calls = new Map(); // stream -> call of this connection that is not answered
for (const method of ['get', 'set', 'delete', 'clear', 'values']) calls[method] = calls[method]; // its own: survives a patched Map.prototype
const early = []; // calls that came before the handler was loaded
const unbound = createMeter(0, '-');
let only; // the call in flight where only one may be
const context = new AsyncLocalStorage(); // the call in flight where several may be: a little slower

const wire = createWire(socketPath, { onAttached, onFrame, onClosed });
const logs = createLogs(
  wire,
  () => only ?? context.getStore() ?? unbound,
  (call) => (call.isSettled || call.generation !== generation ? unbound : call),
);

// ---- INIT ----
function init(header) {
  if (config) return void wire.send(INIT_ERROR, 0, '{"errorType":"Runtime.ProtocolViolation"}', stringify(describe(new Failure('Runtime.ProtocolViolation', 'a second INIT')))); // prettier-ignore
  const startedAtMs = now();
  config = header;
  if (header.concurrency !== 1) tellCallsApart(() => context.getStore());
  const failed = (error) => sendInitError(error, loadErrorType(error));
  const loaded = (found) => {
    handler = found;
    isStreaming = streaming.isStreaming(found);
    // A callback can also be taken by a rest parameter: `(...args) => inner(...args)`.
    waitsForCallback = found.length >= 3 || Function.prototype.toString.call(found).split(')', 1)[0].includes('...');
    wire.send(INIT_DONE, 0, `{"initMs":${Math.round((now() - startedAtMs) * 1000) / 1000}}`, '');
    wire.flush(); // before the first handler runs: it may never come back
    for (const start of early.splice(0)) start();
  };
  try {
    adoptFunction(header);
    const found = loadHandler(header.handler, header.taskRoot);
    if (typeof found === 'function') loaded(found);
    else found.then(loaded, failed);
  } catch (error) {
    failed(error);
  }
}

function sendInitError(error, type) {
  const described = describe(error, type);
  if (type && error.name !== type) described.errorMessage = `${error.name}: ${described.errorMessage}`;
  calls.clear(); // INIT_ERROR answers them all
  wire.send(INIT_ERROR, 0, stringify({ errorType: described.errorType }), stringify(described));
}

// ---- INVOKE ----
/** Ends a call once. @returns whether its answer is still wanted */
function settle(call, isFailure) {
  if (call.isSettled) return false;
  if (hasNewKills(isFailure))
    logs.log(2, `[easyfaas] the kernel ended a child process: the container ran out of memory (${config.memoryMb} MB)\n`);
  if (call.generation === generation) logs.finish(call);
  call.isSettled = true;
  unsettled--;
  if (only === call) only = undefined;
  return call.generation === generation && calls.delete(call.stream);
}

/** @param described what {@link describe} made of the error */
function fail(call, described) {
  if (settle(call, true))
    wire.send(ERROR, call.stream, `{"errorType":${stringify(described.errorType)},${figures(call)}}`, stringify(described));
}

function succeed(call, result) {
  if (call.isSettled) return;
  const isBytes = isUint8Array(result); // not instanceof, which a Proxy can make throw
  let body = result;
  if (!isBytes) {
    try {
      body = stringify(result) ?? 'null';
    } catch (error) {
      return fail(call, describe(error, 'Runtime.MarshalError'));
    }
  }
  if (body.length * (isBytes ? 1 : 3) > RESULT_BYTES_MAX && byteLength(body) > RESULT_BYTES_MAX) {
    const message = `Response payload size exceeded maximum allowed payload size (${RESULT_BYTES_MAX} bytes).`;
    return fail(call, describe(new Failure('Function.ResponseSizeTooLarge', message)));
  }
  if (settle(call, false))
    wire.send(RESULT, call.stream, `{${figures(call)}${isBytes ? ',"contentType":"application/octet-stream"' : ''}}`, body);
}

function run(call, header, event) {
  const answer = (error, result) => (error === undefined || error === null ? succeed(call, result) : fail(call, describe(error)));
  try {
    if (event instanceof Failure) throw event;
    if (isStreaming) return streaming.run(call, header, (stream) => handler(event, stream, new Context(call, header, config, answer)));
    const returned = handler(event, new Context(call, header, config, answer), answer);
    if (typeof returned?.then === 'function')
      returned.then((result) => succeed(call, result), (error) => fail(call, describe(error))); // prettier-ignore
    else if (handler.length >= 3)
      return; // what a function with a callback returns means nothing, as on Lambda: often it is a timer
    else if (returned !== undefined || !(waitsForCallback || call.usesContext)) succeed(call, returned);
  } catch (error) {
    fail(call, describe(error));
  }
}

function invoke(stream, header, data, start, end) {
  const call = createCall(stream, header, generation, config.concurrency !== 1);
  if (call.isShared) charge(call);
  calls.set(stream, call);
  unsettled++;
  logs.refill(unbound);
  const event = readEvent(header.contentType, data, start, end);
  if (handler) begin(call, header, event);
  else early.push(() => begin(call, header, event));
}

function begin(call, header, event) {
  if (!call.isShared) only = call;
  else charge(call);
  if (only) run(call, header, event);
  else context.run(call, run, call, header, event);
}

function cancel(stream) {
  const call = calls.get(stream);
  if (!call) return;
  call.isCancelled = true;
  call.abort?.abort();
  call.answer?.cancel();
}

const streaming = createStreaming({ wire, settle, fail, figures, isWanted: (call) => !call.isSettled && call.generation === generation });

// ---- The connection ----
function onAttached() {
  const { pid, version } = process;
  const hello = { protocol: 1, role: 'runtime', pid, runtime: 'nodejs20', runtimeVersion: version, token };
  wire.send(HELLO, 0, stringify({ ...hello, initialized: handler !== undefined, inFlight: unsettled }), '');
  if (generation > 0) return;
  setImmediate(() => import('./rehearsal-esm.mjs'));
  setImmediate(rehearseAgain, REHEARSALS);
}

function onFrame(type, stream, header, data, start, end) {
  if (type === INVOKE) invoke(stream, header, data, start, end);
  else if (type === INIT) init(header);
  else if (type === CANCEL) cancel(stream);
  else if (type === WINDOW) calls.get(stream)?.answer?.allow(header.bytes);
  else if (type === PING) wire.send(PONG, stream, '{}', '');
  else if (type === UPDATE && config) adoptLimits(Object.assign(config, header));
}

function onClosed() {
  generation++;
  for (const call of calls.values()) call.answer?.cancel(); // one that waits for WINDOW would wait for ever
  calls.clear();
}

// ---- The process ----
/** As Lambda does: what runs fails with this error, and the process ends. */
function crash(error, errorType, exitCode) {
  const described = describe(error, errorType);
  const text = described.trace.join('\n') || `${described.errorType}: ${described.errorMessage}`;
  if (!wire.isAttached()) writeSync(2, `${text}\n`); // the runner passes it on
  logs.log(2, `${new Date().toISOString()}\t${only?.requestId ?? '-'}\tERROR\tUncaught ${text}\n`);
  if (config && !handler) sendInitError(error, errorType);
  for (const call of calls.values()) fail(call, described);
  wire.whenSent(() => exit(exitCode), CRASH_MS);
}

/**
 * Loads and runs a made-up handler, from the frames that say so, so that the first real call finds everything compiled. It ends within this turn of
 * the event loop, before anything can be received.
 */
async function rehearse() {
  wire.rehearse(rehearsalFrames());
  while (unsettled > 0) await undefined;
  wire.unmute();
  config = handler = undefined;
}

/** What was run once only is not fast yet. Nobody waits for these; a function that comes meanwhile waits for one of them at most. */
function rehearseAgain(times) {
  if (times === 0 || config) return;
  void rehearse();
  setImmediate(rehearseAgain, times - 1);
}

process.on('uncaughtException', (error) => crash(error, undefined, 129));
process.on('unhandledRejection', (reason) => crash(reason, 'Runtime.UnhandledPromiseRejection', 128));
process.on('exit', wire.flush);
logs.takeOverOutput();
wire.connect();
void rehearse();

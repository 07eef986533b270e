'use strict';
// The runtime process of nodejs20: dials out to the controller, loads the user's handler, runs calls (docs/protocol.md).
// What user code could replace and we go on using (JSON, Buffer's methods, Socket.write) is kept from before it ran.
const net = require('node:net');
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');
const { format } = require('node:util');
const { AsyncLocalStorage } = require('node:async_hooks');

const [HELLO, INIT, INIT_DONE, INIT_ERROR, INVOKE, RESULT, ERROR, LOG, CANCEL] = [1, 2, 3, 4, 5, 6, 7, 10, 11];
const PREFIX_BYTES = 11; // u32 length | u8 type | u32 stream | u16 header length
const SLAB_BYTES = 256 * 1024;
const RESULT_BYTES_MAX = 6 * 1024 * 1024;
const LOG_BYTES_PER_CALL = 1024 * 1024;
const LOG_FRAME_BYTES = 60 * 1024;

const { parse, stringify } = JSON;
const { byteLength, allocUnsafeSlow, concat, from: bufferFrom } = Buffer;
const { nextTick, exit, env } = process;
const resourceUsage = process.resourceUsage.bind(process);
const now = performance.now.bind(performance);
const socketWrite = Function.prototype.call.bind(net.Socket.prototype.write);
const socketPath = env.EASYFAAS_SOCKET ?? '/run/easyfaas/controller.sock';
const token = env.EASYFAAS_TOKEN ?? '';
delete env.EASYFAAS_SOCKET;
delete env.EASYFAAS_TOKEN;

const BUFFER_METHODS = ['subarray', 'utf8Slice', 'utf8Write', 'readUInt32BE', 'readUInt16BE', 'writeUInt32BE', 'writeUInt16BE'];
/** Gives a buffer methods of its own, so that it survives a patched Buffer.prototype. */
const sturdy = (buffer) => BUFFER_METHODS.reduce((it, name) => ((it[name] = it[name]), it), buffer);

let config; // header of INIT
let handler;
let isCallbackStyle = false;
let current = null; // the call in flight where only one may be
const context = new AsyncLocalStorage(); // the call in flight where several may be
const calls = new Map(); // stream -> call in flight of this connection
const early = []; // calls that came before the handler was loaded
let unsettled = 0;

// ---- Frames out: collected in a slab, written once per tick ----
let socket;
let isAttached = false;
let generation = 0; // of the connection: answers of calls from an older one are dropped
let out = sturdy(allocUnsafeSlow(SLAB_BYTES));
let outBytes = 0;
let isFlushPlanned = false;

function flush() {
  isFlushPlanned = false;
  if (outBytes === 0) return;
  const chunk = out.subarray(0, outBytes);
  outBytes = 0;
  if (!isAttached) return;
  const isBehind = socket.writableLength > 0;
  socketWrite(socket, isBehind ? bufferFrom(chunk) : chunk);
  if (!isBehind && socket.writableLength > 0) out = sturdy(allocUnsafeSlow(SLAB_BYTES)); // the kernel still reads from the old one
}

/** @param {string} header JSON text @param {string | Uint8Array} body */
function send(type, stream, header, body) {
  if (typeof body === 'string' && body.length * 3 > SLAB_BYTES / 2) body = bufferFrom(body);
  const isText = typeof body === 'string';
  const bytesMax = PREFIX_BYTES + header.length * 3 + (isText ? body.length * 3 : body.length);
  if (bytesMax > SLAB_BYTES - outBytes) flush();
  const isLarge = bytesMax > SLAB_BYTES;
  const target = isLarge ? sturdy(allocUnsafeSlow(bytesMax)) : out;
  const start = isLarge ? 0 : outBytes;
  const headerBytes = target.utf8Write(header, start + PREFIX_BYTES);
  const bodyStart = start + PREFIX_BYTES + headerBytes;
  if (!isText) target.set(body, bodyStart);
  const end = bodyStart + (isText ? target.utf8Write(body, bodyStart) : body.length);
  target.writeUInt32BE(end - start - 4, start);
  target[start + 4] = type;
  target.writeUInt32BE(stream, start + 5);
  target.writeUInt16BE(headerBytes, start + 9);
  if (isLarge) return void (isAttached && socketWrite(socket, target.subarray(0, end)));
  outBytes = end;
  if (isFlushPlanned) return;
  isFlushPlanned = true;
  nextTick(flush); // runs when no microtask is left: calls that settled meanwhile share the write
}

// ---- Logs: written at once, so that they survive a handler that spins or exits right after ----
const unboundLog = { stream: 0, logLeft: LOG_BYTES_PER_CALL, cut: 0, requestId: '-' };

function log(fd, text) {
  const call = current ?? context.getStore();
  const to = call && !call.isSettled && call.generation === generation ? call : unboundLog;
  const bytes = byteLength(text);
  const kept = bytes <= to.logLeft ? bytes : to.logLeft;
  to.cut += bytes - kept;
  to.logLeft -= kept;
  const data = kept < bytes ? bufferFrom(text.slice(0, kept)).subarray(0, kept) : kept <= LOG_FRAME_BYTES ? text : bufferFrom(text);
  if (kept <= LOG_FRAME_BYTES) kept > 0 && send(LOG, to.stream, `{"fd":${fd}}`, data);
  else
    for (let at = 0; at < kept;) {
      let end = Math.min(at + LOG_FRAME_BYTES, kept);
      while (end < kept && (data[end] & 0xc0) === 0x80) end--; // not inside a character
      send(LOG, to.stream, `{"fd":${fd}}`, data.subarray(at, end));
      at = end;
    }
  flush();
}

function reportCut(to) {
  if (to.cut > 0)
    send(
      LOG,
      to.stream,
      `{"fd":2,"truncatedBytes":${to.cut}}`,
      `[easyfaas] log cut: ${to.cut} bytes over the limit of ${LOG_BYTES_PER_CALL} per call\n`,
    );
  to.cut = 0;
}

function takeOverOutput() {
  for (const [fd, stream] of [
    [1, process.stdout],
    [2, process.stderr],
  ])
    // prettier-ignore
    stream.write = (chunk, encoding, callback) => {
      log(fd, typeof chunk === 'string' ? chunk : bufferFrom(chunk).toString());
      const done = typeof encoding === 'function' ? encoding : callback;
      if (typeof done === 'function') nextTick(done);
      return true;
    };
  const levels = { log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE' };
  for (const [method, level] of Object.entries(levels)) {
    const fd = method === 'warn' || method === 'error' || method === 'trace' ? 2 : 1;
    console[method] = (...args) => {
      if (method === 'trace') args.push(`\n${new Error().stack.split('\n').slice(2).join('\n')}`);
      const requestId = (current ?? context.getStore() ?? unboundLog).requestId;
      log(fd, `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...args)}\n`);
    };
  }
}

// ---- Errors ----
function describe(error, errorType) {
  try {
    const isError = error instanceof Error || (typeof error === 'object' && error !== null && typeof error.stack === 'string');
    const name = errorType ?? (isError ? String(error.name) : typeof error);
    const message = isError ? String(error.message) : typeof error === 'object' ? stringify(error) : String(error);
    const trace = isError ? String(error.stack).split('\n', 40) : [];
    return { errorType: name.slice(0, 200), errorMessage: message.slice(0, 16_384), trace: trace.map((line) => line.slice(0, 400)) };
  } catch {
    return { errorType: 'Runtime.UnknownReason', errorMessage: 'The thrown value cannot be described: reading it throws.', trace: [] };
  }
}

const platformError = (errorType, message) => Object.assign(new Error(message), { name: errorType, stack: '' });

/** Last resort, as Lambda does it: what runs fails with this error and the process ends. */
function crash(error, errorType, exitCode) {
  const described = describe(error, errorType);
  log(2, `${new Date().toISOString()}\t-\tERROR\tUncaught: ${described.trace.join('\n') || described.errorMessage}\n`);
  for (const call of calls.values()) fail(call, described);
  if (config && !handler) send(INIT_ERROR, 0, stringify({ errorType: described.errorType }), stringify(described));
  flush();
  if (!isAttached || socket.writableLength === 0) exit(exitCode);
  socket.once('drain', () => exit(exitCode));
  setTimeout(exit, 1000, exitCode);
}
process.on('uncaughtException', (error) => crash(error, undefined, 129));
process.on('unhandledRejection', (reason) => crash(reason, 'Runtime.UnhandledPromiseRejection', 128));

// ---- INIT ----
function isModuleFile(file) {
  if (!file.endsWith('.js')) return file.endsWith('.mjs');
  for (let folder = path.dirname(file); folder.startsWith(config.taskRoot); folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (fs.existsSync(manifest)) return parse(fs.readFileSync(manifest, 'utf8')).type === 'module';
  }
  return false;
}

function pickHandler(exported, names) {
  let picked = exported;
  for (const name of names) picked = picked?.[name] ?? (picked === exported ? exported.default?.[name] : undefined);
  if (typeof picked === 'function') return picked;
  throw platformError(
    'Runtime.HandlerNotFound',
    `${config.handler} is ${picked === undefined ? 'undefined or not exported' : 'not a function'}`,
  );
}

/** @returns {Function | Promise<Function>} */
function loadHandler() {
  const match = /^((?:[^/]+\/)*)([^/.]+)\.(.+)$/.exec(config.handler);
  if (!match || config.handler.includes('..'))
    throw platformError('Runtime.MalformedHandlerName', `Bad handler ${config.handler}: write file.export`);
  const base = path.join(config.taskRoot, match[1], match[2]);
  const file = ['.js', '.mjs', '.cjs', '/index.js', '/index.mjs']
    .map((ending) => base + ending)
    .find((candidate) => fs.existsSync(candidate));
  if (!file)
    throw platformError(
      'Runtime.ImportModuleError',
      `Error: Cannot find module '${match[1]}${match[2]}' (.js, .mjs or .cjs) in ${config.taskRoot}`,
    );
  const names = match[3].split('.');
  const load = () => import(pathToFileURL(file)).then((exported) => pickHandler(exported, names));
  if (isModuleFile(file)) return load();
  try {
    return pickHandler(createRequire(file)(file), names);
  } catch (error) {
    if (error?.code === 'ERR_REQUIRE_ESM' || error?.code === 'ERR_REQUIRE_ASYNC_MODULE') return load();
    throw error;
  }
}

function initError(error) {
  let type;
  if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') type = 'Runtime.ImportModuleError';
  else if (error instanceof SyntaxError) type = 'Runtime.UserCodeSyntaxError';
  const described = describe(error, type);
  if (type) described.errorMessage = `${error.name}: ${described.errorMessage}`;
  calls.clear();
  send(INIT_ERROR, 0, stringify({ errorType: described.errorType }), stringify(described));
}

function init(header) {
  const startedAt = now();
  config = header;
  Object.assign(env, header.env);
  const loaded = (it) => {
    const parameters = Function.prototype.toString.call(it).split(')', 1)[0];
    isCallbackStyle = it.length >= 3 || parameters.includes('...');
    handler = it;
    send(INIT_DONE, 0, `{"initMs":${(now() - startedAt).toFixed(3)}}`, '');
    for (const start of early.splice(0)) start();
  };
  try {
    process.chdir(header.taskRoot);
    const it = loadHandler();
    if (typeof it === 'function') loaded(it);
    else it.then(loaded, initError);
  } catch (error) {
    initError(error);
  }
}

// ---- INVOKE ----
class Context {
  callbackWaitsForEmptyEventLoop = true; // kept for compatibility: the answer is sent as soon as there is one
  #call;
  #answer;
  constructor(call, header, answer) {
    this.#call = call;
    this.#answer = answer;
    this.awsRequestId = this.requestId = header.requestId;
    this.functionName = config.functionName;
    this.functionVersion = config.functionVersion;
    this.invokedFunctionArn = header.functionArn ?? config.functionArn;
    this.memoryLimitInMB = String(config.memoryMb);
    if (header.traceparent !== undefined) this.traceparent = header.traceparent;
    if (header.clientContext !== undefined) this.clientContext = parse(header.clientContext);
    this.getRemainingTimeInMillis = () => Math.max(0, Math.floor(call.deadlineMs - now()));
  }
  /** Aborted when the controller cancels the call. */
  get signal() {
    this.#call.abort ??= new AbortController();
    if (this.#call.isCancelled) this.#call.abort.abort();
    return this.#call.abort.signal;
  }
  get done() {
    this.#call.usesContext = true;
    return this.#answer;
  }
  get succeed() {
    return (result) => this.done(null, result);
  }
  get fail() {
    return (error) => this.done(error ?? new Error('context.fail'));
  }
}

let usage;
let usageAtMs = -Infinity;
/** The process's resource use, at most 0.2 ms old: the system call is dear at 20 000 calls a second. */
function sampleUsage() {
  const atMs = now();
  if (atMs - usageAtMs < 0.2) return usage;
  usageAtMs = atMs;
  return (usage = resourceUsage());
}

/** Ends a call once. @returns whether its answer is still wanted */
function settle(call) {
  if (call.isSettled) return false;
  call.isSettled = true;
  unsettled--;
  if (current === call) current = null;
  if (call.generation !== generation) return false;
  calls.delete(call.stream);
  reportCut(call);
  return true;
}

function figures(call) {
  const { userCPUTime, systemCPUTime, maxRSS } = sampleUsage();
  const cpuUs = userCPUTime + systemCPUTime - call.usage.userCPUTime - call.usage.systemCPUTime;
  return `"nonce":${stringify(call.nonce)},"cpuMs":${cpuUs / 1000},"maxRssKb":${maxRSS}`;
}

function fail(call, error) {
  if (!settle(call)) return;
  const described = error?.errorType !== undefined && Array.isArray(error.trace) ? error : describe(error);
  send(ERROR, call.stream, `{"errorType":${stringify(described.errorType)},${figures(call)}}`, stringify(described));
}

function succeed(call, result) {
  if (call.isSettled) return;
  const isBytes = result instanceof Uint8Array;
  let body = result;
  if (!isBytes) {
    try {
      body = stringify(result) ?? 'null';
    } catch (error) {
      return fail(call, describe(error, 'Runtime.MarshalError'));
    }
  }
  if (body.length * (isBytes ? 1 : 3) > RESULT_BYTES_MAX && byteLength(body) > RESULT_BYTES_MAX)
    return fail(
      call,
      platformError(
        'Function.ResponseSizeTooLarge',
        `Response payload size exceeded maximum allowed payload size (${RESULT_BYTES_MAX} bytes).`,
      ),
    );
  if (settle(call)) send(RESULT, call.stream, `{${figures(call)}${isBytes ? ',"contentType":"application/octet-stream"' : ''}}`, body);
}

function run(call, header, event) {
  try {
    if (event instanceof Error) throw event;
    const answer = (error, result) => (error === undefined || error === null ? succeed(call, result) : fail(call, error));
    const returned = handler(event, new Context(call, header, answer), answer);
    if (typeof returned?.then === 'function')
      returned.then((result) => succeed(call, result), (error) => fail(call, error)); // prettier-ignore
    else if (returned !== undefined || !(isCallbackStyle || call.usesContext)) succeed(call, returned);
  } catch (error) {
    fail(call, error);
  }
}

function readEvent(contentType, body) {
  if (contentType !== undefined && !/[/+]json\b/i.test(contentType)) return bufferFrom(body);
  if (body.length === 0) return null;
  try {
    return parse(body.utf8Slice(0, body.length));
  } catch (error) {
    return Object.assign(error, { name: 'Runtime.UnmarshalError' });
  }
}

function invoke(stream, header, body) {
  const call = { stream, generation, nonce: header.nonce, requestId: header.requestId, deadlineMs: now() + header.remainingMs, usage: sampleUsage(), logLeft: LOG_BYTES_PER_CALL, cut: 0, isSettled: false, isCancelled: false, usesContext: false, abort: undefined }; // prettier-ignore
  calls.set(stream, call);
  unsettled++;
  unboundLog.logLeft = LOG_BYTES_PER_CALL;
  const event = readEvent(header.contentType, body);
  const start = () => {
    if (config.concurrency !== 1) return context.run(call, run, call, header, event);
    current = call;
    run(call, header, event);
  };
  if (handler) start();
  else early.push(start);
}

function cancel(stream) {
  const call = calls.get(stream);
  if (!call) return;
  call.isCancelled = true;
  call.abort?.abort();
}

// ---- Frames in ----
const inbound = sturdy(allocUnsafeSlow(64 * 1024));
let parts = []; // of a frame that did not come in one piece
let partBytes = 0;
let wantedBytes = PREFIX_BYTES;

/** Handles the complete frames of data[start, end). @returns where the incomplete rest begins */
function decode(data, start, end) {
  let at = start;
  for (; (wantedBytes = PREFIX_BYTES) <= end - at; at += wantedBytes) {
    wantedBytes = 4 + data.readUInt32BE(at);
    if (wantedBytes > end - at) break;
    const type = data[at + 4];
    const stream = data.readUInt32BE(at + 5);
    const headerEnd = at + PREFIX_BYTES + data.readUInt16BE(at + 9);
    const header = parse(data.utf8Slice(at + PREFIX_BYTES, headerEnd));
    if (type === INVOKE) invoke(stream, header, data.subarray(headerEnd, at + wantedBytes));
    else if (type === INIT) init(header);
    else if (type === CANCEL) cancel(stream);
  }
  return at;
}

function receive(count, start = 0) {
  let data = inbound;
  let end = count;
  if (parts.length > 0) {
    parts.push(bufferFrom(inbound.subarray(0, count)));
    partBytes += count;
    if (partBytes < wantedBytes) return;
    data = sturdy(concat(parts, partBytes));
    end = partBytes;
  }
  const rest = decode(data, start, end);
  parts = rest < end ? [bufferFrom(data.subarray(rest, end))] : [];
  partBytes = end - rest;
}

// ---- Connection ----
let retryMs = 10;

function connect() {
  let head = '';
  let attachedAtMs = Infinity;
  parts = [];
  const onread = (count) => {
    if (isAttached) return receive(count), true; // prettier-ignore
    head += inbound.utf8Slice(0, count);
    const bodyStart = head.indexOf('\r\n\r\n') + 4;
    if (bodyStart < 4) return true;
    if (!head.startsWith('HTTP/1.1 101')) return socket.destroy(), true; // prettier-ignore
    isAttached = true;
    attachedAtMs = now();
    send(HELLO, 0, stringify({ protocol: 1, role: 'runtime', pid: process.pid, runtime: 'nodejs20', runtimeVersion: process.version, token, initialized: handler !== undefined, inFlight: unsettled }), ''); // prettier-ignore
    receive(count, bodyStart - (head.length - count));
    return true;
  };
  socket = net.connect({ path: socketPath, onread: { buffer: inbound, callback: onread } });
  socket.write('GET /v1/attach?role=runtime&protocol=1 HTTP/1.1\r\nHost: easyfaas\r\nConnection: Upgrade\r\nUpgrade: easyfaas/1\r\n\r\n');
  socket.on('error', () => socket.destroy()); // 'close' follows and dials again
  socket.on('close', () => {
    isAttached = false;
    generation++;
    calls.clear();
    if (now() - attachedAtMs > 1000) retryMs = 10;
    setTimeout(connect, retryMs);
    retryMs = Math.min(1000, retryMs * 2);
  });
}

takeOverOutput();
connect();

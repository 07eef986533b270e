'use strict';
// One call: what is known of it, its event, its context, its figures.
const { createHook } = require('node:async_hooks');
const { createMeter } = require('./bootstrap-logs.cjs');
const { Failure } = require('./bootstrap-errors.cjs');

const { parse, stringify } = JSON;
const { from: bufferFrom } = Buffer;
const resourceUsage = process.resourceUsage.bind(process);
const now = performance.now.bind(performance);

let usage;
let usageAtMs = -Infinity;
/** The process's resource use, at most 0.2 ms old: the system call would be dear at 100 000 calls a second. */
function sampleUsage() {
  const atMs = now();
  if (atMs - usageAtMs < 0.2) return usage;
  usageAtMs = atMs;
  return (usage = resourceUsage());
}

const cpuUs = ({ userCPUTime, systemCPUTime } = sampleUsage()) => userCPUTime + systemCPUTime;

// Where several calls share the process, its processor time goes to the one whose code runs.
let charged; // that call; undefined while it is nobody's
let chargedUpToUs = 0;
/** From now on processor time is this call's. One sample holds for 0.2 ms: a turn shorter than that may count for its neighbour. */
function charge(call) {
  if (call === charged) return;
  const nowUs = cpuUs();
  if (charged !== undefined) charged.cpuUs += nowUs - chargedUpToUs;
  chargedUpToUs = nowUs;
  charged = call;
}

// Whose code runs is told by a hook before each asynchronous step, which costs as much as a whole short call. It is off while calls are
// too short to be told apart by samples of 0.2 ms: then each is given the mean of the last ones.
const CALLS_PER_LOOK = 256;
const SHORT_US = 500;
const LONG_US = 1000;
let hook; // undefined where calls do not share the process
let isTelling = false;
let endedCalls = 0;
let lookedAtUs = 0;
let meanUs = 0;

/** Before the first call of a process that several may share. @param currentCall tells whose asynchronous context is entered */
function tellCallsApart(currentCall) {
  hook = createHook({ before: () => charge(currentCall()) }).enable();
  isTelling = true;
  lookedAtUs = cpuUs();
}

function lookAtMean() {
  endedCalls = 0;
  const nowUs = cpuUs();
  meanUs = (nowUs - lookedAtUs) / CALLS_PER_LOOK;
  lookedAtUs = nowUs;
  if (isTelling ? meanUs >= SHORT_US : meanUs < LONG_US) return;
  isTelling = !isTelling;
  if (isTelling) hook.enable();
  else hook.disable();
}

/** Of a call that has ended. */
function sharedUs(call) {
  charge(undefined);
  if (++endedCalls === CALLS_PER_LOOK) lookAtMean();
  return isTelling || call.cpuUs > meanUs ? call.cpuUs : meanUs;
}

function createCall(stream, header, generation, isShared) {
  const call = createMeter(stream, header.requestId);
  call.generation = generation;
  call.nonce = header.nonce;
  call.deadlineMs = now() + header.remainingMs;
  call.isShared = isShared;
  call.cpuUs = isShared ? 0 : cpuUs(); // used so far; of one that is alone: the process's before it
  call.isSettled = call.isCancelled = call.usesContext = false;
  call.abort = call.answer = undefined;
  return call;
}

/** Members of an answer's header, as JSON without braces. */
function figures(call) {
  const sharedCpuUs = call.isShared ? sharedUs(call) : 0;
  const usage = sampleUsage();
  const usedUs = call.isShared ? sharedCpuUs : cpuUs(usage) - call.cpuUs;
  return `"nonce":${stringify(call.nonce)},"cpuMs":${usedUs / 1000},"maxRssKb":${usage.maxRSS}`;
}

function readClientContext(text) {
  try {
    return parse(text);
  } catch (error) {
    throw new Failure('Runtime.UnmarshalError', `the client context is not JSON: ${error.message}`);
  }
}

/** @returns the event, or the Failure that it is */
function readEvent(contentType, data, start, end) {
  if (contentType !== undefined && !/[/+]json\b/i.test(contentType))
    return data.isApart ? data.subarray(start, end) : bufferFrom(data.subarray(start, end)); // a megabyte is not copied twice
  if (start === end) return null;
  try {
    return parse(data.utf8Slice(start, end));
  } catch (error) {
    return new Failure('Runtime.UnmarshalError', `the event is not JSON: ${error.message}`);
  }
}

/** What a handler gets as its second argument; the names are AWS Lambda's, besides `requestId`, `traceparent` and `signal`. */
class Context {
  callbackWaitsForEmptyEventLoop = true; // for compatibility: the answer is sent as soon as there is one, whatever it says
  #call;
  #answer;
  constructor(call, header, config, answer) {
    this.#call = call;
    this.#answer = answer;
    this.awsRequestId = this.requestId = header.requestId;
    this.functionName = config.functionName;
    this.functionVersion = config.functionVersion;
    this.invokedFunctionArn = header.functionArn ?? config.functionArn;
    this.memoryLimitInMB = String(config.memoryMb);
    if (header.traceparent !== undefined) this.traceparent = header.traceparent;
    if (header.tracestate !== undefined) this.tracestate = header.tracestate;
    if (header.clientContext !== undefined) this.clientContext = readClientContext(header.clientContext);
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
    const { done } = this;
    return (result) => done(null, result);
  }
  get fail() {
    const { done } = this;
    return (error) => done(error ?? new Error('context.fail'));
  }
}

module.exports = { Context, charge, createCall, figures, readEvent, tellCallsApart };

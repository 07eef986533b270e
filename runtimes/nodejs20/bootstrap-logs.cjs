'use strict';
// Takes over what a handler prints and sends it with the call that printed it, in order with the call's answer.
const { Writable } = require('node:stream');
const { format } = require('node:util');

const LOG = 10;
const BYTES_PER_CALL = 1024 * 1024;
const FRAME_BYTES = 60 * 1024; // the cap of a LOG frame is 64 KiB
const LEVELS = { log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE' };

const { byteLength, from: bufferFrom } = Buffer;

/** What a call must have to be logged to; stream 0 is for what belongs to no call. */
exports.createMeter = (stream, requestId) => ({ stream, requestId, logLeft: BYTES_PER_CALL, cutBytes: 0 });

/**
 * @param wire where frames are sent
 * @param {() => object} callNow the call that runs now, or the meter of stream 0
 * @param {(call: object) => object} meterOf the same call while it is unanswered, or the meter of stream 0
 */
exports.createLogs = function createLogs(wire, callNow, meterOf) {
  function log(fd, text) {
    const meter = meterOf(callNow());
    const bytes = byteLength(text);
    const kept = bytes <= meter.logLeft ? bytes : meter.logLeft;
    meter.cutBytes += bytes - kept;
    meter.logLeft -= kept;
    if (kept === bytes && kept <= FRAME_BYTES) wire.send(LOG, meter.stream, `{"fd":${fd}}`, text);
    else if (kept > 0) sendInPieces(fd, meter, bufferFrom(text.slice(0, kept)), kept);
    wire.flush(); // at once: it must survive a handler that spins or exits right after
  }

  function sendInPieces(fd, meter, data, bytes) {
    for (let at = 0; at < bytes;) {
      let end = Math.min(at + FRAME_BYTES, bytes);
      while (end < bytes && (data[end] & 0xc0) === 0x80) end--; // not inside a character
      wire.send(LOG, meter.stream, `{"fd":${fd}}`, data.subarray(at, end));
      at = end;
    }
  }

  /** Gives stream 0 its allowance anew, after it has said what was cut. */
  function refill(meter) {
    finish(meter);
    meter.logLeft = BYTES_PER_CALL;
  }

  /** Says how much was cut, as the call's last line. */
  function finish(meter) {
    if (meter.cutBytes === 0) return;
    const line = `[easyfaas] log cut: ${meter.cutBytes} bytes over the limit of ${BYTES_PER_CALL} per call\n`;
    wire.send(LOG, meter.stream, `{"fd":2,"truncatedBytes":${meter.cutBytes}}`, line);
    meter.cutBytes = 0;
  }

  /**
   * In place of Node's own stream, which would make the descriptor non-blocking for everyone: child processes and
   * `fs.writeSync(1)` would then fail with EAGAIN when they write much.
   */
  function createOutput(fd) {
    const write = (chunk, encoding, done) => {
      log(fd, typeof chunk === 'string' ? chunk : chunk.toString());
      done();
    };
    return Object.assign(new Writable({ decodeStrings: false, autoDestroy: false, write }), { fd, _type: 'pipe' });
  }

  function takeOverOutput() {
    for (const [name, fd] of [
      ['stdout', 1],
      ['stderr', 2],
    ])
      // prettier-ignore
      Object.defineProperty(process, name, { value: createOutput(fd), configurable: true, enumerable: true, writable: true });
    for (const [method, level] of Object.entries(LEVELS)) {
      const fd = method === 'warn' || method === 'error' || method === 'trace' ? 2 : 1;
      console[method] = (...args) => {
        if (method === 'trace') args.push(`\n${String(new Error().stack).split('\n').slice(2).join('\n')}`);
        log(fd, `${new Date().toISOString()}\t${callNow().requestId}\t${level}\t${format(...args)}\n`);
      };
    }
  }

  return { log, finish, refill, takeOverOutput };
};

'use strict';
// What the user's process prints goes out with the call that it has, in order with the call's answer.

const LOG = 10;
const BYTES_PER_CALL = 1024 * 1024;
const FRAME_BYTES = 60 * 1024; // the cap of a LOG frame is 64 KiB

/** What a call must have to be logged to; stream 0 is for what belongs to no call. */
const createMeter = (stream) => ({ stream, logLeft: BYTES_PER_CALL, cutBytes: 0 });

/** @param wire where frames are sent @param {() => object} meterNow the meter of the one call that the process has, or of stream 0 */
function createLogs(wire, meterNow) {
  return {
    write(fd, data) {
      const meter = meterNow();
      const kept = Math.min(data.length, meter.logLeft);
      meter.cutBytes += data.length - kept;
      meter.logLeft -= kept;
      for (let at = 0; at < kept;) {
        let end = Math.min(at + FRAME_BYTES, kept);
        while (end < kept && (data[end] & 0xc0) === 0x80) end--; // not inside a character
        wire.send(LOG, meter.stream, { fd }, data.subarray(at, end));
        at = end;
      }
    },
    /** Says how much was cut, as the call's last line. */
    finish(meter) {
      if (meter.cutBytes === 0) return;
      const line = `[easyfaas] log cut: ${meter.cutBytes} bytes over the limit of ${BYTES_PER_CALL} per call\n`;
      wire.send(LOG, meter.stream, { fd: 2, truncatedBytes: meter.cutBytes }, line);
      meter.cutBytes = 0;
      meter.logLeft = BYTES_PER_CALL;
    },
  };
}

module.exports = { createLogs, createMeter };

'use strict';
// The frames of a made-up function and its first call.
const path = require('node:path');

const [INIT, INVOKE] = [2, 5];
const FILE = path.join(__dirname, 'rehearsal.js');

function frame(type, header, body) {
  const bytes = Buffer.from(`${'\0'.repeat(11)}${header}${body}`); // u32 length | u8 type | u32 stream | u16 header length
  bytes.writeUInt32BE(bytes.length - 4, 0);
  bytes[4] = type;
  bytes.writeUInt16BE(header.length, 9);
  return bytes;
}

const init = { handler: 'rehearsal.handler', taskRoot: __dirname, env: {}, concurrency: 1, memoryMb: 0 };
const invoke = { requestId: '-', nonce: '', remainingMs: 1000, contentType: 'application/json' };
const frames = Buffer.concat([frame(INIT, JSON.stringify(init), ''), frame(INVOKE, JSON.stringify(invoke), '{"rehearsal":true}')]);

/** @returns INIT and INVOKE; the file that they name is read again */
exports.rehearsalFrames = function rehearsalFrames() {
  delete require.cache[FILE];
  return frames;
};

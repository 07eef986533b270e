'use strict';
// The runtime's end of the controller's connection: frames in, frames out, dialling anew (docs/protocol.md). User code is in another process.
const net = require('node:net');

const PREFIX_BYTES = 11; // u32 length | u8 type | u32 stream | u16 header length
const RETRY_MS_MIN = 10;
const RETRY_MS_MAX = 1000;
const STABLE_MS = 1000; // a connection that lived this long was a good one: the back-off starts anew
const UPGRADE = 'GET /v1/attach?role=runtime&protocol=1 HTTP/1.1\r\nHost: easyfaas\r\nConnection: Upgrade\r\nUpgrade: easyfaas/1\r\n\r\n';

/** Cuts bytes that come in any pieces into frames. */
function createDecoder(onFrame) {
  let parts = [];
  let bytes = 0;
  let wantedBytes = PREFIX_BYTES;
  return (chunk) => {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes < wantedBytes) return;
    const data = parts.length === 1 ? chunk : Buffer.concat(parts, bytes);
    let at = 0;
    for (wantedBytes = PREFIX_BYTES; data.length - at >= PREFIX_BYTES; at += wantedBytes, wantedBytes = PREFIX_BYTES) {
      wantedBytes = 4 + data.readUInt32BE(at);
      if (wantedBytes > data.length - at) break;
      const bodyStart = at + PREFIX_BYTES + data.readUInt16BE(at + 9);
      const header = JSON.parse(data.toString('utf8', at + PREFIX_BYTES, bodyStart));
      onFrame(data[at + 4], data.readUInt32BE(at + 5), header, data.subarray(bodyStart, at + wantedBytes));
    }
    parts = at < data.length ? [data.subarray(at)] : [];
    bytes = data.length - at;
  };
}

/**
 * @param {string} socketPath
 * @param {{ onAttached(): void, onClosed(): void, onFrame(type: number, stream: number, header: object, body: Buffer): void }} events
 */
exports.createWire = function createWire(socketPath, events) {
  let socket;
  let isAttached = false;
  let retryMs = RETRY_MS_MIN;

  /** Without a connection it is dropped: the calls of a lost one have nobody who waits. @param {string | Uint8Array} body */
  function send(type, stream, header, body = '') {
    if (!isAttached) return;
    const head = Buffer.from(JSON.stringify(header));
    const data = typeof body === 'string' ? Buffer.from(body) : body;
    const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
    prefix.writeUInt32BE(PREFIX_BYTES - 4 + head.length + data.length, 0);
    prefix[4] = type;
    prefix.writeUInt32BE(stream, 5);
    prefix.writeUInt16BE(head.length, 9);
    if (socket.writableCorked === 0) process.nextTick(uncork, socket); // one write for all that this turn sends
    socket.cork();
    socket.write(prefix);
    socket.write(head);
    socket.write(data);
  }

  function uncork(corked) {
    while (corked.writableCorked > 0) corked.uncork();
  }

  function connect() {
    let head = '';
    let attachedAtMs = Infinity;
    const decode = createDecoder(events.onFrame);
    socket = net.connect(socketPath);
    socket.write(UPGRADE);
    socket.on('data', (chunk) => {
      if (isAttached) return decode(chunk);
      head += chunk.toString('latin1');
      const headEnd = head.indexOf('\r\n\r\n') + 4;
      if (headEnd < 4) return undefined;
      if (!head.startsWith('HTTP/1.1 101 ')) return socket.destroy();
      isAttached = true;
      attachedAtMs = performance.now();
      events.onAttached();
      return head.length > headEnd ? decode(chunk.subarray(chunk.length - (head.length - headEnd))) : undefined;
    });
    socket.on('error', () => socket.destroy()); // 'close' follows and dials again
    socket.on('close', () => {
      if (isAttached) events.onClosed();
      isAttached = false;
      if (performance.now() - attachedAtMs > STABLE_MS) retryMs = RETRY_MS_MIN;
      setTimeout(connect, retryMs);
      retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
    });
  }

  /** Calls back when all that was sent has left, at the latest after `deadlineMs`. */
  function whenSent(callback, deadlineMs) {
    if (!isAttached) return callback();
    uncork(socket);
    if (socket.writableLength === 0) return callback();
    socket.once('drain', callback);
    return setTimeout(callback, deadlineMs);
  }

  return { connect, send, whenSent };
};

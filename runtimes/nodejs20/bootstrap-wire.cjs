'use strict';
// The runtime's end of the controller's connection: frames in, frames out, dialling anew (docs/protocol.md).
// What user code could replace and we go on using (Buffer's methods, Socket.write) is kept from before it ran.
const net = require('node:net');

const PREFIX_BYTES = 11; // u32 length | u8 type | u32 stream | u16 header length
const SLAB_BYTES = 256 * 1024;
const INBOUND_BYTES = 256 * 1024;
const RETRY_MS_MIN = 10;
const RETRY_MS_MAX = 1000;
const STABLE_MS = 1000; // a connection that lived this long was a good one: the back-off starts anew
const UPGRADE = 'GET /v1/attach?role=runtime&protocol=1 HTTP/1.1\r\nHost: easyfaas\r\nConnection: Upgrade\r\nUpgrade: easyfaas/1\r\n\r\n';

const { allocUnsafeSlow, from: bufferFrom } = Buffer;
const { nextTick } = process;
const { setTimeout } = globalThis;
const { parse } = JSON;
const now = performance.now.bind(performance);
const socketWrite = Function.prototype.call.bind(net.Socket.prototype.write);

const METHODS = [
  'subarray',
  'utf8Slice',
  'latin1Slice',
  'utf8Write',
  'readUInt32BE',
  'readUInt16BE',
  'writeUInt32BE',
  'writeUInt16BE',
  'set',
];
/** Gives a buffer methods of its own, so that it survives a patched Buffer.prototype. */
function sturdy(buffer) {
  for (const name of METHODS) buffer[name] = buffer[name];
  return buffer;
}

/**
 * @param {string} socketPath
 * @param {{ onAttached(): void, onClosed(): void,
 *   onFrame(type: number, stream: number, header: object, data: Buffer, bodyStart: number, bodyEnd: number): void }} events
 *   `data` is overwritten by the next frames, unless it is one that `isApart`
 */
exports.createWire = function createWire(socketPath, events) {
  let socket;
  let isAttached = false;
  let isMuted = false; // while a rehearsal goes on
  let retryMs = RETRY_MS_MIN;

  // ---- Frames out: collected in a slab, written once per tick ----
  let slab = sturdy(allocUnsafeSlow(SLAB_BYTES));
  let slabBytes = 0;
  let isFlushPlanned = false;

  function flush() {
    isFlushPlanned = false;
    if (slabBytes === 0) return;
    const chunk = slab.subarray(0, slabBytes);
    slabBytes = 0;
    if (!isAttached || isMuted) return;
    const isBehind = socket.writableLength > 0;
    socketWrite(socket, isBehind ? bufferFrom(chunk) : chunk);
    if (!isBehind && socket.writableLength > 0) slab = sturdy(allocUnsafeSlow(SLAB_BYTES)); // the old one is still being sent
  }

  /** @param {string} header JSON text @param {string | Uint8Array} body */
  function send(type, stream, header, body) {
    if (typeof body === 'string' && body.length * 3 > SLAB_BYTES / 4) body = bufferFrom(body);
    const isText = typeof body === 'string';
    const isApart = !isText && body.length > SLAB_BYTES / 4; // sent as it is, not copied
    const bytesMax = PREFIX_BYTES + header.length * 3 + (isText ? body.length * 3 : isApart ? 0 : body.length);
    if (bytesMax > SLAB_BYTES - slabBytes) flush();
    const start = slabBytes;
    const headerBytes = slab.utf8Write(header, start + PREFIX_BYTES);
    const bodyStart = start + PREFIX_BYTES + headerBytes;
    const bodyBytes = isText ? slab.utf8Write(body, bodyStart) : body.length;
    if (!isText && !isApart) slab.set(body, bodyStart);
    slab.writeUInt32BE(PREFIX_BYTES - 4 + headerBytes + bodyBytes, start);
    slab[start + 4] = type;
    slab.writeUInt32BE(stream, start + 5);
    slab.writeUInt16BE(headerBytes, start + 9);
    slabBytes = bodyStart + (isApart ? 0 : bodyBytes);
    if (isApart) {
      flush();
      if (isAttached) socketWrite(socket, body);
    } else if (!isFlushPlanned) {
      isFlushPlanned = true;
      nextTick(flush); // runs when no microtask is left: calls that settled meanwhile share the write
    }
  }

  // ---- Frames in ----
  const inbound = sturdy(allocUnsafeSlow(INBOUND_BYTES));
  let partial; // a frame that did not come in one piece, as large as it will be; first only its prefix
  let partialBytes = 0;
  let wantedBytes = PREFIX_BYTES; // of the frame that `decode` stopped at

  /** Handles the complete frames in data[start, end). @returns where the incomplete rest begins */
  function decode(data, start, end) {
    let at = start;
    for (; (wantedBytes = PREFIX_BYTES) <= end - at; at += wantedBytes) {
      wantedBytes = 4 + data.readUInt32BE(at);
      if (wantedBytes > end - at) break;
      const bodyStart = at + PREFIX_BYTES + data.readUInt16BE(at + 9);
      const header = parse(data.utf8Slice(at + PREFIX_BYTES, bodyStart));
      events.onFrame(data[at + 4], data.readUInt32BE(at + 5), header, data, bodyStart, at + wantedBytes);
    }
    return at;
  }

  /** Decodes data[start, end) and keeps what is left over. */
  function take(data, start, end) {
    const rest = decode(data, start, end);
    partialBytes = end - rest;
    partial = undefined;
    if (partialBytes === 0) return;
    partial = sturdy(allocUnsafeSlow(wantedBytes));
    partial.isApart = true;
    partial.set(data.subarray(rest, end), 0);
  }

  function receive(count, start) {
    let at = start;
    while (at < count && partial !== undefined) {
      const end = Math.min(count, at + partial.length - partialBytes);
      partial.set(inbound.subarray(at, end), partialBytes);
      partialBytes += end - at;
      at = end;
      if (partialBytes === partial.length) take(partial, 0, partialBytes);
    }
    if (at < count) take(inbound, at, count);
  }

  // ---- Connection ----
  function connect() {
    let head = '';
    let attachedAtMs = Infinity;
    partial = undefined;
    const onread = (count) => {
      if (isAttached) receive(count, 0);
      else {
        head += inbound.latin1Slice(0, count);
        const headEnd = head.indexOf('\r\n\r\n') + 4;
        if (headEnd < 4) return true;
        if (!head.startsWith('HTTP/1.1 101 ')) socket.destroy();
        else {
          isAttached = true;
          attachedAtMs = now();
          events.onAttached();
          receive(count, count - (head.length - headEnd));
        }
      }
      return true;
    };
    socket = net.connect({ path: socketPath, onread: { buffer: inbound, callback: onread } });
    socketWrite(socket, UPGRADE);
    socket.on('error', () => socket.destroy()); // 'close' follows and dials again
    socket.on('close', () => {
      isAttached = false;
      events.onClosed();
      if (now() - attachedAtMs > STABLE_MS) retryMs = RETRY_MS_MIN;
      setTimeout(connect, retryMs);
      retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
    });
  }

  /** Handles frames as if they had been received, unless one is on its way; what is sent until {@link unmute} is dropped. */
  function rehearse(frames) {
    if (partial !== undefined) return;
    isMuted = true;
    inbound.set(frames, 0);
    receive(frames.length, 0);
  }

  function unmute() {
    flush();
    isMuted = false;
  }

  /** Calls back when all that was sent has left, at the latest after `deadlineMs`. */
  function whenSent(callback, deadlineMs) {
    flush();
    if (!isAttached || socket.writableLength === 0) return callback();
    socket.once('drain', callback);
    setTimeout(callback, deadlineMs);
  }

  return { connect, rehearse, unmute, send, flush, whenSent, isAttached: () => isAttached };
};

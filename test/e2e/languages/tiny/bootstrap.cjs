'use strict';
// The least that a language has to do (docs/writing-a-runtime.md). In this one a function is a text, and `{name}` in it stands for a
// member of the event.
const { readFileSync } = require('node:fs');
const { connect } = require('node:net');

const [HELLO, INIT, INIT_DONE, INIT_ERROR, INVOKE, RESULT, ERROR, PING, PONG] = [1, 2, 3, 4, 5, 6, 7, 14, 15];
const UPGRADE = 'GET /v1/attach?role=runtime&protocol=1 HTTP/1.1\r\nHost: easyfaas\r\nConnection: Upgrade\r\nUpgrade: easyfaas/1\r\n\r\n';
const { EASYFAAS_TOKEN: token, EASYFAAS_SOCKET: path = '/run/easyfaas/controller.sock' } = process.env;
let template;

function dial(delayMs) {
  const socket = connect(path);
  let data = Buffer.alloc(0);
  let isAttached = false;

  function send(type, stream, header, body = '') {
    const [head, bytes] = [Buffer.from(JSON.stringify(header)), Buffer.from(body)];
    const prefix = Buffer.alloc(11);
    prefix.writeUInt32BE(7 + head.length + bytes.length, 0);
    prefix.writeUInt8(type, 4);
    prefix.writeUInt32BE(stream, 5);
    prefix.writeUInt16BE(head.length, 9);
    socket.write(Buffer.concat([prefix, head, bytes]));
  }

  const errorOf = (errorType, { message }) => [{ errorType }, JSON.stringify({ errorType, errorMessage: message })];

  function onFrame(type, stream, header, body) {
    if (type === PING) return send(PONG, stream, {});
    if (type === INIT && template !== undefined)
      return send(INIT_ERROR, 0, ...errorOf('Runtime.ProtocolViolation', { message: 'a second INIT' }));
    if (type === INIT) {
      try {
        template = readFileSync(`${header.taskRoot}/${header.handler}.txt`, 'utf8');
        return send(INIT_DONE, 0, { initMs: 0 });
      } catch (error) {
        return send(INIT_ERROR, 0, ...errorOf('Runtime.ImportModuleError', error));
      }
    }
    if (type !== INVOKE || template === undefined) return undefined;
    const { nonce } = header;
    try {
      const event = JSON.parse(body.toString());
      return send(RESULT, stream, { nonce }, JSON.stringify(template.replace(/\{(\w+)\}/g, (_, name) => event[name])));
    } catch (error) {
      const [{ errorType }, text] = errorOf('Runtime.UnmarshalError', error);
      return send(ERROR, stream, { errorType, nonce }, text);
    }
  }

  socket.write(UPGRADE);
  socket.on('data', (chunk) => {
    data = Buffer.concat([data, chunk]);
    if (!isAttached) {
      const end = data.indexOf('\r\n\r\n');
      if (end === -1) return;
      isAttached = true;
      data = data.subarray(end + 4);
      const { pid, version } = process;
      send(HELLO, 0, {
        protocol: 1,
        role: 'runtime',
        pid,
        runtime: 'tiny',
        runtimeVersion: version,
        token,
        initialized: template !== undefined,
        inFlight: 0,
      });
    }
    while (data.length >= 11 && data.length >= 4 + data.readUInt32BE(0)) {
      const [end, bodyStart] = [4 + data.readUInt32BE(0), 11 + data.readUInt16BE(9)];
      onFrame(data[4], data.readUInt32BE(5), JSON.parse(data.toString('utf8', 11, bodyStart)), data.subarray(bodyStart, end));
      data = data.subarray(end);
    }
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => setTimeout(dial, delayMs, Math.min(1000, delayMs * 2)));
}

dial(10);

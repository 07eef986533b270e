import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { dataEntries } from '../support/data-directory';
import { packageOf } from '../support/evil-zip';
import { eventually } from '../support/eventually';
import { expectError } from '../support/platform-error';
import { type RawAnswer, host, openSocket, rawExchange, requestHead, splitResponses } from '../support/raw-http';
import { controllerStartSeconds } from '../support/services';
import { call, deploy, invoke, removeDeployments, stack } from '../support/stack';

const MIB = 1024 * 1024;
const get = (path: string, lines: readonly string[] = []): string => requestHead(`GET ${path} HTTP/1.1`, ['Connection: close', ...lines]);
const key = `Authorization: Bearer ${stack.key}`;

let echo: string;
let slow: string;
let controllerStart: number;
let slowBody: Promise<RawAnswer>;
let slowHeaders: Promise<RawAnswer>;
let idle: { sockets: Socket[]; closedAfterMs: Promise<number> };

beforeAll(async () => {
  controllerStart = await controllerStartSeconds();
  echo = await deploy({ source: 'exports.handler = async (event) => event;', concurrency: 10 });
  slow = await deploy({
    source: 'exports.handler = (event, context, done) => { setTimeout(done, 1500, null, "slept"); };',
    timeoutSeconds: 10,
  });
  // These take as long as the limits that they try: they wait while the other cases run.
  slowBody = drip(`POST /v1/functions/${echo}/invocations HTTP/1.1`, ['Content-Length: 1000', ''], 'x');
  slowHeaders = drip(`GET /healthz HTTP/1.1`, ['X-Slow: '], 'x');
  idle = await openIdle(500);
}, 60_000);

afterAll(async () => {
  await removeDeployments();
});

/** Sends the start of a request, then one byte a second. */
function drip(requestLine: string, lines: readonly string[], byte: string): Promise<RawAnswer> {
  const head = [requestLine, `Host: ${host}`, key, ...lines].join('\r\n') + (lines.at(-1) === '' ? '\r\n' : '');
  return rawExchange(head, {
    deadlineMs: 60_000,
    feed: async (socket) => {
      while (!socket.destroyed) {
        socket.write(byte);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    },
  });
}

async function openIdle(count: number): Promise<typeof idle> {
  const startedAt = performance.now();
  const sockets = await Promise.all(Array.from({ length: count }, () => openSocket()));
  const closed = sockets.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()).resume()));
  return { sockets, closedAfterMs: Promise.all(closed).then(() => performance.now() - startedAt) };
}

describe('A. Requests that are malformed on the wire', () => {
  it.each<[number, string, string | Buffer]>([
    [1, 'a request without Host', `GET /healthz HTTP/1.1\r\n\r\n`],
    [2, 'two Host headers', `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`],
    [2, 'two different Host headers', `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nHost: evil.test\r\nConnection: close\r\n\r\n`],
    [
      4,
      'Content-Length with Transfer-Encoding',
      `POST /v1/functions HTTP/1.1\r\nHost: ${host}\r\n${key}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      5,
      'two Content-Length that differ',
      `POST /v1/functions HTTP/1.1\r\nHost: ${host}\r\n${key}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
    ],
    [
      7,
      'a chunk size that is no number',
      `POST /v1/functions/x/invocations HTTP/1.1\r\nHost: ${host}\r\n${key}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n`,
    ],
    [
      7,
      'a negative Content-Length',
      `POST /v1/functions/x/invocations HTTP/1.1\r\nHost: ${host}\r\n${key}\r\nContent-Length: -1\r\n\r\nhello`,
    ],
    [8, 'lines that end in a bare LF', `GET /healthz HTTP/1.1\nHost: ${host}\n\n`],
    [8, 'a folded header', `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nX-A: 1\r\n 2\r\n\r\n`],
    [8, 'a space before the colon', `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nX-A : 1\r\n\r\n`],
    [8, 'a NUL in a header', `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nX-A: a\0b\r\n\r\n`],
    [13, 'a TLS hello', Buffer.from('160301020001000001fc0303', 'hex')],
    [13, 'an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [13, 'an SSH banner', 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'],
    [17, 'an absolute-form URL', `GET http://169.254.169.254/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`],
    [
      17,
      'an absolute-form URL of the stack itself',
      `GET http://${host}/v1/functions HTTP/1.1\r\nHost: ${host}\r\n${key}\r\nConnection: close\r\n\r\n`,
    ],
  ])('A%i %s gets 400 and a closed connection', async (_row, _title, bytes) => {
    const answer = await rawExchange(bytes);
    expectError(answer, 'BAD_REQUEST');
    expect(answer.isClosed).toBe(true);
  });

  it.each([
    [10, '300 headers', Array.from({ length: 300 }, (_, index) => `X-H${index}: 1`)],
    [10, 'the 101st header', Array.from({ length: 98 }, (_, index) => `X-H${index}: 1`)],
    [10, 'headers of 20 KiB', [`X-Long: ${'x'.repeat(20 * 1024)}`]],
  ])('A%i %s gets 431', async (_row, _title, lines) => {
    expectError(await rawExchange(get('/healthz', lines)), 'HEADERS_TOO_LARGE', /100|16/);
  });

  it('A10 100 headers are served', async () => {
    // Host, key and Connection are three of them.
    const answer = await rawExchange(
      get(
        '/healthz',
        Array.from({ length: 97 }, (_, index) => `X-H${index}: 1`),
      ),
    );
    expect(answer.status).toBe(200);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty'])('A11 a header named %s is harmless', async (name) => {
    expect((await rawExchange(get('/healthz', [`${name}: 1`]))).status).toBe(200);
    expect((await rawExchange(get('/v1/functions', [`${name}: 1`]))).status).toBe(200);
  });

  it('A14 an expectation that is not 100-continue gets 417', async () => {
    expectError(await rawExchange(get('/healthz', ['Expect: 200-maybe'])), 'EXPECTATION_FAILED');
  });

  it('A14 Expect: 100-continue is answered and the body taken', async () => {
    const head = requestHead(`POST /v1/functions/${echo}/invocations HTTP/1.1`, [
      'Content-Type: application/json',
      'Expect: 100-continue',
      'Content-Length: 4',
      'Connection: close',
    ]);
    const answer = await rawExchange(head, {
      feed: async (socket) => {
        await new Promise((resolve) => socket.once('data', resolve));
        socket.write('1234');
      },
    });
    expect(answer.status).toBe(100);
    expect(answer.text).toMatch(/HTTP\/1\.1 200 OK[^]*\r\n\r\n1234$/);
  });

  it('A16 an upgrade to a websocket is refused or ignored, and does not hang', async () => {
    const answer = await rawExchange(
      requestHead('GET /healthz HTTP/1.1', [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Key: x',
        'Sec-WebSocket-Version: 13',
      ]),
      { until: (text) => text.includes('\r\n\r\n') },
    );
    expect([200, 426]).toContain(answer.status);
    expect(answer.elapsedMs).toBeLessThan(10_000);
  });

  it('A16 a CONNECT request is refused and closed', async () => {
    const answer = await rawExchange(`CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(answer.isClosed).toBe(true);
    expect(answer.status === 0 || answer.status >= 400).toBe(true);
  });
});

describe('A. Bodies and connections that take more than they should', () => {
  it('A22 an announced body over the limit is refused before it is sent', async () => {
    const head = requestHead(`POST /v1/functions/${echo}/invocations HTTP/1.1`, [`Content-Length: ${7 * MIB}`]);
    const answer = await rawExchange(head, { deadlineMs: 10_000 });
    expectError(answer, 'PAYLOAD_TOO_LARGE', /6291456|6 MiB/);
    expect(answer.isClosed).toBe(true);
  });

  it('A22 a chunked body of 7 MB to a function gets 413 and a closed connection', async () => {
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')]);
    const head = requestHead(`POST /v1/functions/${echo}/invocations HTTP/1.1`, ['Transfer-Encoding: chunked']);
    const answer = await rawExchange(head, {
      deadlineMs: 20_000,
      feed: async (socket) => {
        for (let sent = 0; sent < 112 && !socket.destroyed; sent++) {
          if (!socket.write(chunk)) await drained(socket);
        }
      },
    });
    expectError(answer, 'PAYLOAD_TOO_LARGE', /6291456|6 MiB/);
    expect(answer.isClosed).toBe(true);
  });

  it('A22 a chunked body without end is cut off soon after the limit', async () => {
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')]);
    const head = requestHead(`POST /v1/functions/${echo}/invocations HTTP/1.1`, ['Transfer-Encoding: chunked']);
    const answer = await rawExchange(head, {
      deadlineMs: 30_000,
      feed: async (socket) => {
        while (!socket.destroyed && socket.bytesWritten < 256 * MIB) {
          if (!socket.write(chunk)) await drained(socket);
        }
      },
    });
    expect(answer.isClosed).toBe(true);
    expect(answer.bytesSent).toBeLessThan(64 * MIB);
  }, 60_000);

  it('A23 a compressed body of the JSON API is refused, whatever it would unpack to', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * MIB));
    const answer = await call(`/v1/functions/${echo}/configuration`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
      body: bomb,
    });
    expectError(answer, 'UNSUPPORTED_MEDIA_TYPE', /gzip|encoding/i);
  });

  it('A25 a client that goes away in the middle of an upload leaves nothing on disk', async () => {
    const before = await dataEntries(['packages']);
    const zip = packageOf({ 'index.js': 'exports.handler = async () => 1;', 'more.bin': Buffer.from(randomUUID().repeat(5000)) });
    const head = requestHead(`POST /v1/functions/t-aborted?Runtime=nodejs20&Handler=index.handler HTTP/1.1`, [
      'Content-Type: application/zip',
      `Content-Length: ${zip.length + 1}`,
    ]);
    const socket = await openSocket();
    socket.write(head);
    await new Promise((resolve) => socket.write(zip, resolve));
    socket.destroy();
    await eventually(async () => expect(await dataEntries(['packages'])).toEqual(before), 20_000);
    expectError(await call('/v1/functions/t-aborted'), 'FUNCTION_NOT_FOUND');
  });

  it('A25 a client that goes away in the middle of a call leaves no slot taken', async () => {
    await invoke(slow, {});
    for (let attempt = 0; attempt < 3; attempt++) {
      const socket = await openSocket();
      socket.write(requestHead(`POST /v1/functions/${slow}/invocations HTTP/1.1`, ['Content-Length: 2']) + '{}');
      await new Promise((resolve) => setTimeout(resolve, 100));
      socket.destroy();
    }
    const answer = await invoke(slow, {}, { timeoutMs: 30_000 });
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '"slept"' });
  }, 60_000);

  it('A26 1 000 pipelined requests are answered in order', async () => {
    const ids = Array.from({ length: 1000 }, () => randomUUID());
    const bytes = ids
      .map((id, index) =>
        [
          `GET /healthz HTTP/1.1`,
          `Host: ${host}`,
          `X-Easyfaas-Request-Id: ${id}`,
          ...(index === ids.length - 1 ? ['Connection: close'] : []),
          '',
          '',
        ].join('\r\n'),
      )
      .join('');
    const answer = await rawExchange(bytes, { deadlineMs: 30_000 });
    const responses = splitResponses(answer.text);
    expect(responses.map(({ headers }) => headers['x-easyfaas-request-id'])).toEqual(ids);
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  }, 60_000);

  it('A26 1 000 pipelined calls of a function are answered in order', async () => {
    const bytes = Array.from({ length: 1000 }, (_, index) => {
      const body = String(index);
      return (
        requestHead(`POST /v1/functions/${echo}/invocations HTTP/1.1`, [
          'Content-Type: application/json',
          `Content-Length: ${body.length}`,
          ...(index === 999 ? ['Connection: close'] : []),
        ]) + body
      );
    }).join('');
    const responses = splitResponses((await rawExchange(bytes, { deadlineMs: 60_000 })).text);
    expect(responses).toHaveLength(1000);
    const wrong = responses.filter(({ status, body }, index) => status !== 429 && !(status === 200 && body === String(index)));
    expect(wrong).toEqual([]);
  }, 90_000);
});

describe('A. Paths and origins that pretend', () => {
  const DISGUISES = [
    '//v1/functions',
    '/v1//functions',
    '/./v1/functions',
    '/v1/./functions',
    '/v1/../v1/functions',
    '/healthz/../v1/functions',
    '/healthz/%2e%2e/v1/functions',
    '/v1%2ffunctions',
    '/v1/functions/',
    '/V1/FUNCTIONS',
    '/v1/functions;x=1',
    '/v1/functions%00',
    '/healthz%2f..%2fv1%2ffunctions',
    '/v1\\functions',
  ];

  it.each(DISGUISES)('A28 %s is no other name of a path', async (path) => {
    const answer = await rawExchange(get(path));
    expectError(answer, ['ROUTE_NOT_FOUND', 'BAD_REQUEST']);
  });

  it.each([...DISGUISES, '/v1/functions', '/v1/pool', '/v1/invocations', '/v1/keys', '/v1/nothing'])(
    'A28 %s tells nothing without a key',
    async (path) => {
      const answer = await rawExchange(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expectError(answer, ['UNAUTHORIZED', 'ROUTE_NOT_FOUND', 'BAD_REQUEST']);
    },
  );

  it.each(['/v1/functions/%', '/v1/functions/%E0%A4%A', '/v1/functions/%ff/invocations'])(
    'A29 the broken percent-encoding of %s gets 400',
    async (path) => {
      expectError(await rawExchange(get(path)), ['BAD_REQUEST', 'INVALID_NAME']);
    },
  );

  it('A30 a foreign Host is refused: names that resolve to this machine are not this server', async () => {
    const answer = await rawExchange(`GET /v1/functions HTTP/1.1\r\nHost: evil.test\r\n${key}\r\nConnection: close\r\n\r\n`);
    expectError(answer, 'MISDIRECTED');
  });

  it('A30 a foreign Origin is refused, and no page is ever allowed to read', async () => {
    const answer = await rawExchange(get('/v1/functions', ['Origin: http://evil.test']));
    expectError(answer, 'FORBIDDEN', /origin/i);
    for (const lines of [['Origin: http://evil.test'], []]) {
      const { headers } = await rawExchange(get('/v1/functions', lines));
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  it('A30 a preflight request of a foreign page is refused', async () => {
    const answer = await rawExchange(
      `OPTIONS /v1/functions HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://evil.test\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});

describe('A. Clients that take their time', () => {
  it('A20 500 idle connections are closed, and others are served meanwhile', async () => {
    const answer = await invoke(echo, { while: 'idle' });
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '{"while":"idle"}' });
    expect(await idle.closedAfterMs).toBeLessThan(30_000);
  }, 60_000);

  it('A19 headers that trickle in get 408', async () => {
    const answer = await slowHeaders;
    expectError(answer, 'REQUEST_TIMEOUT');
    expect(answer.elapsedMs).toBeLessThan(30_000);
    expect(answer.isClosed).toBe(true);
  }, 70_000);

  it('A19 a body that trickles in gets 408', async () => {
    const answer = await slowBody;
    expectError(answer, 'REQUEST_TIMEOUT');
    expect(answer.elapsedMs).toBeLessThan(45_000);
    expect(answer.isClosed).toBe(true);
  }, 70_000);

  it('is the same process after all of it', async () => {
    expect(await controllerStartSeconds()).toBe(controllerStart);
  });
});

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

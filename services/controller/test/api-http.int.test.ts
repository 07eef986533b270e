import type { Socket } from 'node:net';
import { rawExchange, errorCodeOf, type RawAnswer } from './raw-exchange';
import { startApi, type ApiUnderTest } from './api-under-test';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

const HOST = 'Host: localhost';

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

describeWithRedis('the listener, corpus A', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let key: string;

  beforeAll(async () => {
    redis = await startRedis();
    // Short, so that the slow clients below need not be slow.
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix, requestTimeoutMs: 3000 });
    key = `Authorization: Bearer ${await api.adminKey()}`;
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  const send = (...lines: string[]): Promise<RawAnswer> => rawExchange(api.port, `${lines.join('\r\n')}\r\n\r\n`);
  const get = (path: string, ...lines: string[]): Promise<RawAnswer> =>
    send(`GET ${path} HTTP/1.1`, HOST, key, 'Connection: close', ...lines);

  it.each<[number, string, string | Buffer]>([
    [1, 'no Host', 'GET /healthz HTTP/1.1\r\n\r\n'],
    [1, 'no Host in HTTP/1.0', 'GET /healthz HTTP/1.0\r\n\r\n'],
    [2, 'two Host headers', `GET /healthz HTTP/1.1\r\n${HOST}\r\n${HOST}\r\n\r\n`],
    [
      4,
      'Content-Length and Transfer-Encoding',
      `POST /v1/functions/a HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [5, 'two Content-Length', `POST /v1/functions/a HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
    [7, 'a bad chunk size', `POST /v1/functions/a HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello`],
    [7, 'a negative Content-Length', `POST /v1/functions/a HTTP/1.1\r\n${HOST}\r\nContent-Length: -1\r\n\r\n`],
    [8, 'bare line feeds', `GET /healthz HTTP/1.1\n${HOST}\n\n`],
    [8, 'a folded header', `GET /healthz HTTP/1.1\r\n${HOST}\r\nX-A: 1\r\n 2\r\n\r\n`],
    [8, 'a space before the colon', `GET /healthz HTTP/1.1\r\n${HOST}\r\nX-A : 1\r\n\r\n`],
    [8, 'a NUL in a header', `GET /healthz HTTP/1.1\r\n${HOST}\r\nX-A: a\0b\r\n\r\n`],
    [13, 'a TLS hello', Buffer.from('160301020001000001fc0303', 'hex')],
    [13, 'an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [13, 'an SSH banner', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    [17, 'an absolute-form URL', `GET http://169.254.169.254/ HTTP/1.1\r\n${HOST}\r\n\r\n`],
    [17, 'an asterisk', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n\r\n`],
  ])('A%i answers %s with 400 and closes', async (_row, _title, bytes) => {
    const answer = await rawExchange(api.port, bytes, { deadlineMs: 5000 });
    expect(answer.status).toBe(400);
    expect(errorCodeOf(answer)).toBe('BAD_REQUEST');
    expect(answer.isClosed).toBe(true);
  });

  it.each([
    ['300 headers', Array.from({ length: 300 }, (_, index) => `X-${index}: 1`)],
    ['101 headers', Array.from({ length: 98 }, (_, index) => `X-${index}: 1`)],
    ['20 KiB of headers', [`X-Long: ${'x'.repeat(20_000)}`]],
  ])('A10 answers %s with 431', async (_title, lines) => {
    const answer = await get('/healthz', ...lines);
    expect([answer.status, errorCodeOf(answer)]).toEqual([431, 'HEADERS_TOO_LARGE']);
  });

  it('A10 serves 100 headers', async () => {
    expect((await get('/healthz', ...Array.from({ length: 97 }, (_, index) => `X-${index}: 1`))).status).toBe(200);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty'])('A11 is not harmed by a header named %s', async (name) => {
    expect((await get('/v1/functions', `${name}: 1`)).status).toBe(200);
  });

  it('A14 answers an unknown expectation with 417', async () => {
    const answer = await get('/healthz', 'Expect: 200-maybe');
    expect([answer.status, errorCodeOf(answer)]).toEqual([417, 'EXPECTATION_FAILED']);
  });

  it('A14 does not ask for a body that is over every limit', async () => {
    const answer = await send(
      'POST /v1/functions/a?Runtime=nodejs20&Handler=index.handler HTTP/1.1',
      HOST,
      key,
      'Content-Type: application/zip',
      'Expect: 100-continue',
      'Content-Length: 900000000',
    );
    expect([answer.status, errorCodeOf(answer), answer.isClosed]).toEqual([413, 'PACKAGE_TOO_LARGE', true]);
    expect(answer.elapsedMs).toBeLessThan(5000);
  });

  it('A16 ignores an upgrade and refuses CONNECT', async () => {
    expect((await send('GET /healthz HTTP/1.1', HOST, 'Connection: Upgrade, close', 'Upgrade: websocket')).status).toBe(200);
    const connect = await send('CONNECT 169.254.169.254:80 HTTP/1.1', HOST);
    expect([connect.status, errorCodeOf(connect), connect.isClosed]).toEqual([405, 'METHOD_NOT_ALLOWED', true]);
  });

  it.each([
    ['headers', `GET /healthz HTTP/1.1\r\n${HOST}\r\nX-Slow: `],
    [
      'a body',
      `PUT /v1/functions/a/concurrency HTTP/1.1\r\n${HOST}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nKEY\r\n\r\n`,
    ],
  ])(
    'A19 answers %s that trickle in with 408',
    async (_title, head) => {
      const answer = await rawExchange(api.port, head.replace('KEY', key), {
        deadlineMs: 20_000,
        feed: async (socket) => {
          while (!socket.destroyed) {
            socket.write('x');
            await new Promise((resolve) => setTimeout(resolve, 300));
          }
        },
      });
      expect([answer.status, answer.isClosed]).toEqual([408, true]);
      expect(errorCodeOf(answer)).toBe('REQUEST_TIMEOUT');
    },
    30_000,
  );

  it('A20 closes connections on which nothing is sent', async () => {
    const answer = await rawExchange(api.port, '', { deadlineMs: 20_000 });
    expect(answer.isClosed).toBe(true);
  }, 30_000);

  it('A22 answers an announced body over the limit at once, and closes', async () => {
    const answer = await send(
      'PUT /v1/functions/a/concurrency HTTP/1.1',
      HOST,
      key,
      'Content-Type: application/json',
      'Content-Length: 90000000',
    );
    expect([answer.status, errorCodeOf(answer), answer.isClosed]).toEqual([413, 'PAYLOAD_TOO_LARGE', true]);
    expect(answer.body).toMatch(/6291456/);
  });

  it('A22 cuts off a chunked body without end', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    let sentBytes = 0;
    const answer = await rawExchange(
      api.port,
      `PUT /v1/functions/a/concurrency HTTP/1.1\r\n${HOST}\r\n${key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      {
        feed: async (socket) => {
          while (!socket.destroyed && sentBytes < 200e6) {
            sentBytes += chunk.length;
            if (!socket.write(chunk)) await drained(socket);
          }
        },
      },
    );
    expect([answer.status, answer.isClosed]).toEqual([413, true]);
    expect(sentBytes).toBeLessThan(100e6);
  });

  it('A23 refuses compressed bodies', async () => {
    const answer = await send(
      'PUT /v1/functions/a/concurrency HTTP/1.1',
      HOST,
      key,
      'Content-Type: application/json',
      'Content-Encoding: gzip',
      'Content-Length: 1',
      '',
      'x',
    );
    expect([answer.status, errorCodeOf(answer)]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('A26 answers 1 000 pipelined requests in order', async () => {
    const one = (index: number): string =>
      `GET /healthz HTTP/1.1\r\n${HOST}\r\nX-Easyfaas-Request-Id: request-${index}\r\n${index === 999 ? 'Connection: close\r\n' : ''}\r\n`;
    const answer = await rawExchange(api.port, Array.from({ length: 1000 }, (_, index) => one(index)).join(''));
    const ids = [...answer.text.matchAll(/X-Easyfaas-Request-Id: request-(\d+)/gi)].map((match) => Number(match[1]));
    expect(ids).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  it('keeps a connection after a refusal whose body is short, and reads past that body', async () => {
    const refused = `PUT /v1/functions/none/configuration HTTP/1.1\r\n${HOST}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    const misdirected = 'GET /healthz HTTP/1.1\r\nHost: evil.test\r\n\r\n';
    const last = `GET /healthz HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`;
    const { text } = await rawExchange(api.port, refused + misdirected + refused + last);
    expect([...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1])).toEqual(['401', '421', '401', '200']);
  });

  it.each([
    '//v1/functions',
    '/v1//functions',
    '/./v1/functions',
    '/v1/../v1/functions',
    '/healthz/%2e%2e/v1/functions',
    '/v1%2ffunctions',
    '/v1/functions/',
    '/V1/functions',
    '/v1/functions;x=1',
    '/v1/functions%00',
    '/v1/%66unctions',
    '/v1\\functions',
  ])('A28 knows no route %s, with and without a key', async (path) => {
    const answers = [await get(path), await send(`GET ${path} HTTP/1.1`, HOST, 'Connection: close')];
    for (const answer of answers) expect([answer.status, errorCodeOf(answer)]).toEqual([404, 'ROUTE_NOT_FOUND']);
  });

  it.each(['/v1/functions/%', '/v1/functions/%E0%A4%A', '/v1/functions/%ff/invocations'])('A29 answers %s with 400', async (path) => {
    const answer = await get(path);
    expect([answer.status, errorCodeOf(answer)]).toEqual([400, 'BAD_REQUEST']);
  });

  it('T4 answers a foreign Host with 421 and a foreign Origin with 403, and never allows a page to read', async () => {
    const foreignHost = await send('GET /healthz HTTP/1.1', 'Host: evil.test', 'Connection: close');
    expect([foreignHost.status, errorCodeOf(foreignHost)]).toEqual([421, 'MISDIRECTED']);
    const foreignOrigin = await get('/healthz', 'Origin: http://evil.test');
    expect([foreignOrigin.status, errorCodeOf(foreignOrigin)]).toEqual([403, 'FORBIDDEN']);
    const ours = await get('/healthz', 'Origin: http://console.test');
    expect(ours.status).toBe(200);
    for (const { text } of [foreignHost, foreignOrigin, ours]) expect(text).not.toMatch(/access-control-/i);
  });

  it('gives back a good request id and replaces a bad one', async () => {
    expect((await get('/healthz', 'X-Easyfaas-Request-Id: my-request-1')).headers['x-easyfaas-request-id']).toBe('my-request-1');
    expect((await get('/healthz', 'X-Easyfaas-Request-Id: a b')).headers['x-easyfaas-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

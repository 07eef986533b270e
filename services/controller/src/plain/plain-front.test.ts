import { type Server, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { ServiceError, systemClock } from '@easyfaas/service-kit';
import type { Payload } from '../invoke/payload';
import type { PlainExchange } from './plain-exchange';
import { type PlainFront, readPlainRequestsFirst } from './plain-front';

const REQUEST = 'POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';
const HELLO = { status: 200, headers: ['Content-Length', '5'], body: Buffer.from('hello') };
const PLAIN_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: Sat, 31 Jan 2026 12:00:00 GMT\r\nConnection: keep-alive\r\n\r\nhello';

let server: Server;
let front: PlainFront;
let isDraining = false;
/** What Node's parser got: the targets. */
const byNode: string[] = [];
const clients: Socket[] = [];
/** What the server reads. */
const connected: Socket[] = [];

/** A server whose plain requests come to `onRequest`. */
async function listen(onRequest: (exchange: PlainExchange) => void, requestTimeoutMs = 60_000): Promise<void> {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      byNode.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
      response.end('node');
    });
  });
  server.requestTimeout = requestTimeoutMs;
  front = readPlainRequestsFirst(server, {
    onRequest: (exchange) => {
      if (exchange.url !== '/plain') return false;
      onRequest(exchange);
      return true;
    },
    clients: {
      add: (socket) => {
        connected.push(socket);
        return { underWay: [], idleSinceSweep: undefined };
      },
    },
    isDraining: () => isDraining,
    clock: { ...systemClock, wallMs: () => Date.UTC(2026, 0, 31, 12, 0, 0) },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

const textOf = (body: Payload | ServiceError): string =>
  body instanceof ServiceError ? body.code : Buffer.concat(body.chunks).toString('latin1');

async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise((resolve) => setTimeout(resolve, 1));
}

class Client {
  readonly socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  received = '';
  isClosed = false;
  #wake: () => void = () => undefined;

  constructor() {
    clients.push(this.socket);
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.#wake();
    });
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  send(text: string): void {
    this.socket.write(Buffer.from(text, 'latin1'));
  }

  async until(isReached: (client: this) => boolean): Promise<void> {
    while (!isReached(this)) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

beforeEach(() => {
  isDraining = false;
  byNode.length = 0;
  connected.length = 0;
});
afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy();
  front.closeAll();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('a connection with plain requests', () => {
  it('is answered without Node, one request after the other', async () => {
    await listen((exchange) => exchange.answer(HELLO));
    const client = new Client();
    client.send(REQUEST);
    await client.until(({ received }) => received === PLAIN_ANSWER);
    client.send(REQUEST);
    await client.until(({ received }) => received === PLAIN_ANSWER + PLAIN_ANSWER);
    expect(byNode).toEqual([]);
  });

  it.each([
    ['another method', 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /x '],
    ['another path', 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi', 'POST /x hi'],
    ['a chunked body', 'POST /plain HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n', 'POST /plain hi'],
  ])("is Node's from the first request on that is for Node: %s", async (_what, text, target) => {
    await listen((exchange) => exchange.answer(HELLO));
    const client = new Client();
    client.send(REQUEST);
    await client.until(({ received }) => received === PLAIN_ANSWER);
    client.send(text);
    await client.until(() => byNode.length === 1);
    client.send(REQUEST);
    await client.until(() => byNode.length === 2);
    expect(byNode).toEqual([target, 'POST /plain hi']);
  });

  it('is handed over with what has come: the rest of a body comes to Node', async () => {
    await listen((exchange) => exchange.answer(HELLO));
    const client = new Client();
    client.send('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\nab');
    await new Promise((resolve) => setImmediate(resolve));
    client.send('c'.repeat(199_998));
    await client.until(() => byNode.length === 1);
    expect(byNode).toEqual([`POST /x ab${'c'.repeat(199_998)}`]);
  });

  it.each([10, 70_000, 1_000_000])(
    'reads a body of %i bytes that comes behind its head, and the next request behind that',
    async (count) => {
      const sent = Array.from({ length: count }, (_, at) => String.fromCharCode(at % 251)).join('');
      const got: string[] = [];
      await listen((exchange) => {
        exchange.readBody({ contentLength: count, isChunked: false }, count, (body) => {
          got.push(textOf(body));
          exchange.answer(HELLO);
        });
      });
      const client = new Client();
      client.send(`POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: ${count}\r\n\r\n${sent.slice(0, 3)}`);
      await until(() => connected.some(({ bytesRead }) => bytesRead > 0));
      client.send(sent.slice(3) + REQUEST);
      await client.until(({ received }) => received === PLAIN_ANSWER + PLAIN_ANSWER);
      expect([got[0] === sent, got[1], byNode]).toEqual([true, 'hi', []]);
    },
  );

  it('has a body wait until somebody wants it', async () => {
    const sent = 'abc'.repeat(300_000);
    let exchange: PlainExchange | undefined;
    await listen((asking) => (exchange = asking));
    const client = new Client();
    client.send(`POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: ${sent.length}\r\n\r\n${sent}${REQUEST}`);
    await until(() => exchange !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(connected[0]?.bytesRead).toBeLessThan(sent.length);
    const first = exchange;
    const body = await new Promise<Payload | ServiceError>((resolve) =>
      first?.readBody({ contentLength: sent.length, isChunked: false }, sent.length, resolve),
    );
    expect(textOf(body) === sent).toBe(true);
    first?.answer(HELLO);
    await until(() => exchange !== first);
    exchange?.answer(HELLO);
    await client.until(({ received }) => received === PLAIN_ANSWER + PLAIN_ANSWER);
  });

  it('throws away a body that is refused: the next request is answered, or the connection ends where too much is left', async () => {
    const refusal = { status: 403, headers: {}, body: Buffer.from('no'), isLast: false };
    await listen((exchange) => (exchange.head.bodyBytes === 2 ? exchange.answer(HELLO) : exchange.refuse(refusal)));
    const client = new Client();
    client.send('POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\nab');
    await client.until(({ received }) => received.endsWith('no'));
    client.send(`${'c'.repeat(49_998)}${REQUEST}`);
    await client.until(({ received }) => received.endsWith(PLAIN_ANSWER));
    client.send('POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\nab');
    await client.until(({ received }) => received.endsWith('no'));
    client.send('c'.repeat(499_998));
    await client.until(({ isClosed }) => isClosed);
    expect(client.received.match(/HTTP.*|Connection.*/g)).toEqual([
      'HTTP/1.1 403 Forbidden',
      'Connection: keep-alive',
      'HTTP/1.1 200 OK',
      'Connection: keep-alive',
      'HTTP/1.1 403 Forbidden',
      'Connection: close',
    ]);
  });

  it('gives a body that does not come up after the time of the server', async () => {
    await listen(
      (exchange) =>
        exchange.readBody({ contentLength: 100_000, isChunked: false }, 100_000, (body) => {
          const text = body instanceof ServiceError ? body.code : 'a body';
          exchange.refuse({ status: 408, headers: {}, body: Buffer.from(text), isLast: true });
        }),
      50,
    );
    const client = new Client();
    client.send('POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nab');
    await client.until(({ isClosed }) => isClosed);
    expect(client.received).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n[^]*\r\nConnection: close\r\n\r\nREQUEST_TIMEOUT$/);
  });

  it("leaves bodies over the platform's limit to Node", async () => {
    await listen((exchange) => exchange.answer(HELLO));
    const client = new Client();
    const count = 7 * 1024 * 1024;
    client.send(`POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: ${count}\r\n\r\n${'c'.repeat(count)}`);
    await client.until(() => byNode.length === 1);
    expect(byNode[0]).toHaveLength('POST /plain '.length + count);
  });

  it('gets its answers in the order of its requests when it does not wait for them', async () => {
    const exchanges: PlainExchange[] = [];
    let wake = (): void => undefined;
    const asked = new Promise<void>((resolve) => (wake = resolve));
    await listen((exchange) => {
      exchanges.push(exchange);
      wake();
    });
    const client = new Client();
    client.send(REQUEST);
    await asked;
    client.send('GET /behind HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(byNode).toEqual([]);
    exchanges[0]?.answer(HELLO);
    await client.until(({ received }) => received.endsWith('node'));
    expect(client.received.startsWith(PLAIN_ANSWER)).toBe(true);
    expect(byNode).toEqual(['GET /behind ']);
  });

  it('carries any bytes, and answers of megabytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, n) => n % 251));
    await listen((exchange) => exchange.answer({ status: 200, headers: ['Content-Length', String(bytes.length)], body: bytes }));
    const client = new Client();
    client.send(REQUEST);
    await client.until(({ received }) => received.length > bytes.length + 100);
    expect(client.received.endsWith(`\r\n\r\n${bytes.toString('latin1')}`)).toBe(true);
  });

  it('is closed behind an error that says so', async () => {
    await listen((exchange) => exchange.refuse({ status: 400, headers: { 'X-A': 'b' }, body: Buffer.from('no'), isLast: true }));
    const client = new Client();
    client.send(REQUEST);
    await client.until(({ isClosed }) => isClosed);
    expect(client.received).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\nContent-Length: 2\r\nX-A: b\r\nDate: .*\r\nConnection: close\r\n\r\nno$/,
    );
  });

  it('is given up when its client says that it is done', async () => {
    let wake = (): void => undefined;
    const gone = new Promise<void>((resolve) => (wake = resolve));
    await listen((exchange) => exchange.socket.once('close', wake));
    const client = new Client();
    client.send(REQUEST);
    client.socket.end();
    await gone;
    expect(client.received).toBe('');
  });

  it('is closed behind its answer, or at once without a request, when the server stops', async () => {
    let exchange: PlainExchange | undefined;
    let wake = (): void => undefined;
    const asked = new Promise<void>((resolve) => (wake = resolve));
    await listen((asking) => {
      exchange = asking;
      wake();
    });
    const idle = new Client();
    await new Promise((resolve) => server.once('connection', resolve));
    const busy = new Client();
    busy.send(REQUEST);
    await asked;
    isDraining = true;
    front.closeIdle();
    await idle.until(({ isClosed }) => isClosed);
    exchange?.answer(HELLO);
    await busy.until(({ isClosed }) => isClosed);
    expect(busy.received).toBe(PLAIN_ANSWER.replace('keep-alive', 'close'));
  });

  it('is closed behind a refused body when the server stopped meanwhile', async () => {
    await listen((exchange) => exchange.refuse({ status: 429, headers: {}, body: Buffer.from('no'), isLast: false }));
    const client = new Client();
    client.send('POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nhi');
    await client.until(({ received }) => received.endsWith('no'));
    isDraining = true;
    front.closeIdle();
    client.send('ho');
    await client.until(({ isClosed }) => isClosed);
  });

  it('has no body that is waited for when its client has gone', async () => {
    let asking: PlainExchange | undefined;
    await listen((exchange) => (asking = exchange), 50);
    const client = new Client();
    client.send('POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nhi');
    await until(() => asking !== undefined);
    const closed = new Promise((resolve) => asking?.socket.once('close', resolve));
    asking?.socket.destroy();
    await closed;
    const bodies: string[] = [];
    asking?.readBody({ contentLength: 4, isChunked: false }, 100, (body) => bodies.push(textOf(body)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(bodies).toEqual([]);
  });

  it('cannot be answered twice', async () => {
    await listen((exchange) => {
      exchange.answer(HELLO);
      expect(() => exchange.answer(HELLO)).toThrow('answered before');
    });
    const client = new Client();
    client.send(REQUEST);
    await client.until(({ received }) => received.endsWith('hello'));
    expect(client.received).toBe(PLAIN_ANSWER);
  });
});

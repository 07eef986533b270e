import { type IncomingMessage, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type PlainHead, readPlainHead } from './read-plain-head';

interface Read {
  url: string;
  rawHeaders: readonly string[];
  body: Buffer;
}
const headOf = (text: string, last?: PlainHead): PlainHead | undefined => {
  const bytes = Buffer.from(text, 'latin1');
  return readPlainHead(bytes, bytes.length, last);
};
const read = (text: string, last?: PlainHead): Read | undefined => {
  const head = headOf(text, last);
  if (head === undefined) return undefined;
  return { url: head.url, rawHeaders: head.rawHeaders, body: Buffer.from(text.slice(head.text.length), 'latin1') };
};
const HEAD = 'POST /v1/functions/f/invocations HTTP/1.1\r\nHost: a:9000\r\n';

describe('a plain request', () => {
  it('is read whole: target, headers as sent, body', () => {
    const request = read(`${HEAD}X-a:1\r\nAccept: */*; q=1, b\r\nConnection: Keep-Alive\r\ncontent-LENGTH: 2\r\n\r\n{}`);
    expect(request).toEqual({
      url: '/v1/functions/f/invocations',
      rawHeaders: ['Host', 'a:9000', 'X-a', '1', 'Accept', '*/*; q=1, b', 'Connection', 'Keep-Alive', 'content-LENGTH', '2'],
      body: Buffer.from('{}'),
    });
  });

  it('may have no body, said or not', () => {
    expect(read(`${HEAD}\r\n`)?.body).toHaveLength(0);
    expect(read(`${HEAD}Content-Length: 0\r\n\r\n`)?.body).toHaveLength(0);
  });

  it('may carry any bytes', () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    expect(read(`${HEAD}Content-Length: 256\r\n\r\n${body.toString('latin1')}`)?.body.equals(body)).toBe(true);
  });

  it('may be read before its body has come', () => {
    const text = `${HEAD}Content-Length: 3\r\n\r\n`;
    for (const begun of ['', 'a', 'ab', 'abc']) expect([headOf(text + begun)?.bodyBytes, headOf(text + begun)?.text]).toEqual([3, text]);
  });

  it('is what has come, whatever the memory holds behind it', () => {
    const text = `${HEAD}Content-Length: 1\r\n\r\n`;
    const memory = Buffer.from(`${text}ab`);
    expect(readPlainHead(memory, text.length + 1)?.text).toBe(text);
    for (const count of [0, 10, text.length - 1, text.length + 2]) expect(readPlainHead(memory, count)).toBeUndefined();
  });

  it('with the head of the one before is not read again, and means the same', () => {
    const text = `${HEAD}Content-Length: 2\r\n\r\n`;
    const first = headOf(`${text}{}`);
    expect(headOf(`${text}ab`, first)).toBe(first);
    const other = text.replace('/f/', '/g/');
    expect(read(`${other}ab`, first)).toEqual(read(`${other}ab`));
    for (const rest of ['abc', `ab${text}`]) expect(read(text + rest, first)).toBeUndefined();
  });

  it.each([
    ['another method', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a method in small letters', 'post / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['another version', 'POST / HTTP/1.0\r\nHost: a\r\n\r\n'],
    ['no target', 'POST  HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a target that is no path', 'POST http://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a space in the target', 'POST /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['bytes over 0x7e in the target', 'POST /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['bytes over 0x7e in a value', `${HEAD}X-A: \xe9\r\n\r\n`],
    ['a control character in a value', `${HEAD}X-A: a\x01b\r\n\r\n`],
    ['a tab in a value', `${HEAD}X-A: a\tb\r\n\r\n`],
    ['a bare line feed', `${HEAD}X-A: a\n\r\n`],
    ['a bare carriage return', `${HEAD}X-A: a\rb\r\n\r\n`],
    ['a folded line', `${HEAD}X-A: a\r\n b\r\n\r\n`],
    ['a space before the colon', `${HEAD}X-A : a\r\n\r\n`],
    ['a space before the name', `${HEAD} X-A: a\r\n\r\n`],
    ['two spaces behind the colon', `${HEAD}X-A:  a\r\n\r\n`],
    ['a space behind the value', `${HEAD}X-A: a \r\n\r\n`],
    ['an empty value', `${HEAD}X-A:\r\n\r\n`],
    ['an empty name', `${HEAD}: a\r\n\r\n`],
    ['no colon', `${HEAD}X-A\r\n\r\n`],
    ['a head without an end', `${HEAD}X-A: a\r\n`],
    ['a head that ends within the last line', `${HEAD}\r`],
    ['a transfer coding', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a transfer coding beside a length', `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['an expectation', `${HEAD}Expect: 100-continue\r\n\r\n`],
    ['an upgrade', `${HEAD}Upgrade: h2c\r\n\r\n`],
    ['a trailer', `${HEAD}Trailer: X-A\r\n\r\n`],
    ['a wish to close', `${HEAD}Connection: close\r\n\r\n`],
    ['several wishes for the connection', `${HEAD}Connection: keep-alive, Upgrade\r\n\r\n`],
    ['a wish for a proxy', `${HEAD}Proxy-Connection: close\r\n\r\n`],
    ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`],
    ['a list of lengths', `${HEAD}Content-Length: 1, 1\r\n\r\na`],
    ['a signed length', `${HEAD}Content-Length: +1\r\n\r\na`],
    ['a length with a leading zero', `${HEAD}Content-Length: 01\r\n\r\na`],
    ['a length in hexadecimal', `${HEAD}Content-Length: 0x1\r\n\r\na`],
    ['a length of eight digits', `${HEAD}Content-Length: 10000000\r\n\r\na`],
    ['more than its length: another request, or a mistake', `${HEAD}Content-Length: 1\r\n\r\nab`],
    ['a body that nobody announced', `${HEAD}\r\na`],
    ['an empty line in front', `\r\n${HEAD}\r\n`],
    ['a head over 4 KiB', `${HEAD}X-A: ${'a'.repeat(4096)}\r\n\r\n`],
    ['nothing', ''],
  ])('is not one with %s', (_what, text) => {
    expect(read(text)).toBeUndefined();
  });
});

describe("Node's parser", () => {
  /** Deterministic: mulberry32. */
  function random(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }
  const REQUESTS = 3000;
  const PIECES = [
    '\r\n',
    '\r',
    '\n',
    ' ',
    ':',
    '\t',
    '\0',
    '\xe9',
    '0',
    '1',
    'a',
    ',',
    'Content-Length: 2\r\n',
    'Transfer-Encoding: chunked\r\n',
  ];
  const HEADERS = [
    'Host: a',
    'X-A: b c',
    'X-B:c',
    'Connection: keep-alive',
    'Keep-Alive: 5',
    'Accept: */*',
    'TE: trailers',
    'Content-Type: a/b',
  ];
  /** Mostly well formed, with up to two pieces put in, taken out or put over others. */
  function mutated(next: () => number): string {
    const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;
    const body = 'x'.repeat(Math.floor(next() * 12));
    const headers = HEADERS.filter(() => next() < 0.5).map((line) => `${line}\r\n`);
    const length = body === '' && next() < 0.5 ? '' : `Content-Length: ${body.length}\r\n`;
    let text = `POST /a?b=%20 HTTP/1.1\r\n${headers.join('')}${length}\r\n${body}`;
    for (let changes = Math.floor(next() * 3); changes > 0; changes--) {
      const at = Math.floor(next() * text.length);
      text = text.slice(0, at) + (next() < 0.7 ? pick(PIECES) : '') + text.slice(at + Math.floor(next() * 3));
    }
    return text;
  }

  it('understands the same by everything that is accepted, and sees one request in it', async () => {
    const seen: { url: string | undefined; rawHeaders: string[]; body: string }[] = [];
    const broken: string[] = [];
    let sawAll = (): void => undefined;
    const all = new Promise<void>((resolve) => {
      sawAll = resolve;
    });
    const server = createServer({ requireHostHeader: false }, (request: IncomingMessage, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, httpVersion, url, rawHeaders } = request;
        if (method !== 'POST' || httpVersion !== '1.1') broken.push(`${method} ${httpVersion}`);
        seen.push({ url, rawHeaders, body: Buffer.concat(chunks).toString('latin1') });
        response.end();
        if (seen.length === REQUESTS) sawAll();
      });
    });
    server.on('clientError', (error, socket) => {
      broken.push(error.message);
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const next = random(20_261_122);
    const accepted: string[] = [];
    let last: PlainHead | undefined;
    for (let tries = 0; tries < 60_000 && accepted.length < REQUESTS; tries++) {
      const text = mutated(next);
      const head = headOf(text, last);
      expect(head?.rawHeaders).toEqual(read(text)?.rawHeaders);
      if (head === undefined || head.bodyBytes > 1000) continue;
      // What is missing of a body comes later.
      accepted.push(text + 'y'.repeat(head.text.length + head.bodyBytes - text.length));
      last = head;
    }
    expect(accepted).toHaveLength(REQUESTS);
    // One connection for all: a request that Node saw end elsewhere would spoil the ones behind it.
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.resume().on('error', (error) => broken.push(error.message));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(Buffer.from(accepted.join(''), 'latin1'));
    await Promise.race([closed, all]);
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    expect(broken).toEqual([]);
    expect(seen).toEqual(
      accepted.map((text) => {
        const request = read(text);
        return { url: request?.url, rawHeaders: request?.rawHeaders, body: request?.body.toString('latin1') };
      }),
    );
  });
});

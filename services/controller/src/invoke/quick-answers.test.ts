import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { QuickAnswers } from './quick-answers';

const answers = new QuickAnswers(() => Date.UTC(2026, 0, 31, 12, 0, 0));
const HEADERS = ['Content-Type', 'application/json', 'Content-Length', '5', 'X-Own', 'a b'];

let server: Server;
const listen = async (handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> => {
  server = createServer(handle);
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};
/** What a client receives for this text, until the server closes or so many answers came. */
const exchange = (port: number, text: string, answersWanted: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (received.split('HTTP/1.1 200 OK').length - 1 >= answersWanted && received.endsWith('hello')) socket.destroy();
    });
    socket.on('close', () => resolve(received));
    socket.write(text);
  });
const REQUEST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';
afterEach(() => new Promise((resolve) => server.close(resolve)));

describe('a quick answer', () => {
  it('is a whole HTTP answer, and the connection goes on', async () => {
    const port = await listen((_request, response) => answers.send(response, HEADERS, Buffer.from('hello')));
    const one =
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\nX-Own: a b\r\n' +
      'Date: Sat, 31 Jan 2026 12:00:00 GMT\r\nConnection: keep-alive\r\n\r\nhello';
    expect(await exchange(port, REQUEST, 1)).toBe(one);
    const both = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        if (received === one) socket.write(REQUEST);
        if (received === one + one) socket.destroy();
      });
      socket.on('close', () => resolve(received));
      socket.write(REQUEST);
    });
    expect(both).toBe(one + one);
  });

  it('has the same headers when Node formats it: closing, large, pipelined', async () => {
    const large = Buffer.alloc(20_000, 'x');
    const port = await listen((request, response) => {
      if (request.url === '/large') answers.send(response, ['Content-Length', '20000', 'X-Own', 'a b'], large);
      else setImmediate(() => answers.send(response, HEADERS, Buffer.from('hello')));
    });
    const closing = await exchange(port, 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', 1);
    expect(closing).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*X-Own: a b\r\n[\s\S]*Connection: close\r\n\r\nhello$/);
    const pipelined = await exchange(port, REQUEST + REQUEST + REQUEST, 3);
    expect(pipelined.match(/\r\n\r\nhello/g)).toHaveLength(3);
    const big = await (await fetch(`http://127.0.0.1:${port}/large`, { method: 'POST' })).text();
    expect(big).toHaveLength(20_000);
    server.closeAllConnections();
  });

  it('carries every byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    const port = await listen((_request, response) => answers.send(response, ['Content-Length', '256'], bytes));
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' });
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    server.closeAllConnections();
  });
});

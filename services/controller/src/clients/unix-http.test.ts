import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePlainRequest, encodePlainAnswer } from '@easyfaas/contracts/wire';
import { UnixHttp } from './unix-http';

type Answerer = (url: string, socket: Socket) => void;

let directory: string;
let server: Server;
let http: UnixHttp;
let sockets: Socket[];
let urls: string[];
let answer: Answerer;

const json = (value: object, status = 200): string =>
  encodePlainAnswer(status, { contentType: 'application/json', text: JSON.stringify(value) });
const get = (path: string, deadlineMs = 60_000): Promise<unknown> => http.send({ method: 'GET', path, deadlineMs });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'unix-http-'));
  const socketPath = join(directory, 's');
  sockets = [];
  urls = [];
  answer = (url, socket) => void socket.write(json({ url }));
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      const url = decodePlainRequest(bytes)?.url ?? 'not plain';
      urls.push(url);
      answer(url, socket);
    });
  });
  await new Promise<void>((listening) => server.listen(socketPath, listening));
  http = new UnixHttp(socketPath);
});

afterEach(async () => {
  http.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((closed) => server.close(closed));
  rmSync(directory, { recursive: true });
});

describe('exchanges with the other service', () => {
  it('follow each other on one connection, and have one each when they are at the same time', async () => {
    expect(await get('/1')).toEqual({ url: '/1' });
    expect(await get('/2')).toEqual({ url: '/2' });
    expect(sockets).toHaveLength(1);
    expect(await Promise.all([get('/3'), get('/4')])).toEqual([{ url: '/3' }, { url: '/4' }]);
    expect(sockets).toHaveLength(2);
  });

  it('wait when there are too many at the same time', async () => {
    const heldBack: (() => void)[] = [];
    answer = (url, socket) => heldBack.push(() => socket.write(json({ url })));
    const all = Array.from({ length: 40 }, (_, index) => get(`/${index}`));
    const release = setInterval(() => heldBack.splice(0).forEach((send) => send()), 20);
    expect(await Promise.all(all)).toHaveLength(40);
    clearInterval(release);
    expect(sockets).toHaveLength(32);
  });

  it('give the error of the other service, or say that it makes no sense', async () => {
    answer = (url, socket) =>
      void socket.write(json({ error: { code: 'MEMORY_BUSY', message: url, requestId: '-', retryable: true } }, 409));
    await expect(get('/1')).rejects.toMatchObject({ code: 'MEMORY_BUSY', message: '/1' });
    answer = (_url, socket) => void socket.write(json({}, 502));
    await expect(get('/2')).rejects.toMatchObject({ code: 'FUNCLET_UNAVAILABLE' });
    answer = (_url, socket) => void socket.write('HTTP/1.1 200 -\r\nContent-Length: 1\r\n\r\n{');
    await expect(get('/3')).rejects.toMatchObject({ code: 'FUNCLET_UNAVAILABLE' });
    answer = (_url, socket) => void socket.write('what?\r\n\r\n');
    await expect(get('/4')).rejects.toMatchObject({ code: 'FUNCLET_UNAVAILABLE' });
  });

  it('are given up at their deadline, and their connection with them', async () => {
    answer = () => undefined;
    await expect(get('/1', 20)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    answer = (url, socket) => void socket.write(json({ url }));
    expect(await get('/2')).toEqual({ url: '/2' });
    expect(urls).toEqual(['/1', '/2']);
  });

  it('are begun anew, once, when their connection turns out to have been closed while it was idle', async () => {
    await get('/1');
    answer = (_url, socket) => socket.destroy();
    await expect(get('/2')).rejects.toMatchObject({ code: 'FUNCLET_UNAVAILABLE' });
    expect(urls).toEqual(['/1', '/2', '/2']);
    answer = (url, socket) => void socket.write(json({ url }));
    await get('/3');
    answer = (_url, socket) => {
      answer = (again, next) => void next.write(json({ again }));
      socket.destroy();
    };
    expect(await get('/4')).toEqual({ again: '/4' });
  });

  it('are not begun anew when some of their answer has come', async () => {
    await get('/1');
    answer = (_url, socket) => socket.end('HTTP/1.1 200 -\r\n');
    await expect(get('/2')).rejects.toMatchObject({ code: 'FUNCLET_UNAVAILABLE' });
    expect(urls).toEqual(['/1', '/2']);
  });

  it('are not begun anew when what came is no answer', async () => {
    await get('/1');
    answer = (_url, socket) => void socket.write('what?\r\n\r\n');
    await expect(get('/2')).rejects.toMatchObject({ code: 'FUNCLET_UNAVAILABLE' });
    expect(urls).toEqual(['/1', '/2']);
  });

  it('fail when nobody listens, and when this service stops', async () => {
    await expect(new UnixHttp(join(directory, 'nobody')).send({ method: 'GET', path: '/', deadlineMs: 60_000 })).rejects.toMatchObject({
      code: 'FUNCLET_UNAVAILABLE',
    });
    answer = () => http.close();
    await expect(get('/1')).rejects.toMatchObject({ code: 'FUNCLET_UNAVAILABLE' });
  });
});

import type { Request, Response } from 'express';
import type { Handler, Mount } from '../mount-route';
import type { ConsoleHosts } from '../console-hosts';
import { mountConsole } from './console';

const unplanned = new Proxy({} as Response, {
  get: () => {
    throw new Error('not planned');
  },
});

/** Its handlers by path. */
function handlersOf(consoleHosts: ConsoleHosts): Map<string, Handler> {
  const handlers = new Map<string, Handler>();
  const mount: Mount = (path, { get }) => void (get === undefined ? undefined : handlers.set(path, get));
  mountConsole(mount, { consoleDir: '/nowhere', consoleHosts });
  return handlers;
}

const asked = (host: string, file = 'app-ABCDEFGH.js'): Request => ({ headers: { host }, params: { file } }) as unknown as Request;

describe('the routes of the console', () => {
  it.each([
    ['nowhere', [], 'localhost:8080'],
    ['at another host', ['ui.example'], 'localhost:8080'],
  ] as const)('are not there when it is served %s', async (_, hosts, host) => {
    for (const handler of handlersOf(hosts).values()) {
      await expect(async () => handler(asked(host), unplanned)).rejects.toMatchObject({
        code: 'ROUTE_NOT_FOUND',
        message: expect.stringContaining('EASYFAAS_CONSOLE') as string,
      });
    }
  });

  it.each(['index.html', 'app-ABCDEFGH.js.map', '../main.cjs', 'main.cjs', '.env', 'app-abcdefgh.js'])('have no file %j', async (file) => {
    const handler = handlersOf('all').get('/console/:file');
    await expect(async () => handler?.(asked('localhost', file), unplanned)).rejects.toMatchObject({ code: 'ROUTE_NOT_FOUND' });
  });

  it('say of a file that is missing nothing that a browser would keep', async () => {
    const headers = new Map<string, string>();
    const response = {
      headersSent: false,
      set: (given: string | Record<string, string>, value = '') => {
        for (const [name, text] of typeof given === 'string' ? [[given, value] as const] : Object.entries(given)) headers.set(name, text);
      },
      sendFile: (_name: string, _options: object, done: (error: Error) => void) => done(Object.assign(new Error('none'), { status: 404 })),
    } as unknown as Response;
    const handler = handlersOf('all').get('/console/:file');
    await expect(async () => handler?.(asked('localhost'), response)).rejects.toMatchObject({ code: 'ROUTE_NOT_FOUND' });
    expect(headers.get('Cache-Control')).toBe('no-store');
  });
});

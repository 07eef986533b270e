import { randomUUID } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ServiceError, asServiceError, errorEnvelope, withDeadline, type Clock, type Logger } from '@easyfaas/service-kit';
import { matchPath } from './match-path';
import { createRoutes, type FuncletApi, type Route, type TextAnswer } from './routes';
import { streamChanges } from './watch-stream';

const TIMEOUT_MAX_MS = 3_600_000;
/** The controller keeps its connections; a shorter time would cut a request off now and then. */
const KEEP_ALIVE_MS = 120_000;
/** User and group may connect: the funclet's group is the controller's. */
const SOCKET_MODE = 0o660;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

export interface FuncletServerOptions {
  socketPath: string;
  api: FuncletApi;
  clock: Clock;
  logger: Logger;
}

/** The funclet's HTTP API on a unix socket. */
export class FuncletServer {
  readonly #options: FuncletServerOptions;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #server: Server;
  readonly #stopping = new AbortController();

  constructor(options: FuncletServerOptions) {
    this.#options = options;
    this.#routes = createRoutes(options.api);
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, response) => {
      void this.#handle(request, response);
    });
  }

  async start(): Promise<void> {
    const { socketPath } = this.#options;
    // Of an earlier process: nobody listens on it any more, since one data directory has one funclet.
    rmSync(socketPath, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socketPath, resolve);
    });
    chmodSync(socketPath, SOCKET_MODE);
  }

  /** Takes no new work, lets requests in flight end until the signal aborts, then closes every connection. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopping.abort();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeIdleConnections();
    const cutOff = (): void => this.#server.closeAllConnections();
    deadline.addEventListener('abort', cutOff, { once: true });
    if (deadline.aborted) cutOff();
    await closed;
    deadline.removeEventListener('abort', cutOff);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = requestIdOf(request);
    try {
      await this.#dispatch(request, response);
    } catch (thrown) {
      const error = asServiceError(thrown);
      if (error.status >= 500) this.#options.logger.warn('request failed', { requestId, method: request.method, url: request.url, error });
      for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
      // What is left of the body is not read: the connection cannot be used again.
      if (!request.complete) response.setHeader('Connection', 'close');
      sendJson(response, error.status, errorEnvelope(error, requestId));
    }
  }

  async #dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { api, clock } = this.#options;
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
    const method = request.method ?? '';
    if (method === 'GET' && path === '/v1/containers' && query.has('watch')) {
      streamChanges(response, api.registry, clock, this.#stopping.signal);
      return;
    }
    if (method === 'GET' && path === '/readyz') {
      const { isReady, checks } = this.#stopping.signal.aborted ? { isReady: false, checks: { service: 'stopping' } } : api.readiness();
      sendJson(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', checks });
      return;
    }
    const { pattern, id } = matchPath(path);
    const route = this.#routes.get(`${method} ${pattern}`) ?? this.#refuse(method, path, pattern);
    if (this.#stopping.signal.aborted && method !== 'GET')
      throw new ServiceError('SHUTTING_DOWN', 'The funclet is stopping; its containers go on.');
    const timeoutMs = timeoutOf(query) ?? route.timeoutMs;
    const answer = await withDeadline(`${method} ${path}`, timeoutMs, (signal) => route.run({ request, id, signal }));
    if (isText(answer)) send(response, route.status, answer.contentType, answer.text);
    else sendJson(response, route.status, answer);
  }

  #refuse(method: string, path: string, pattern: string): never {
    const allowed = [...this.#routes.keys()].filter((key) => key.endsWith(` ${pattern}`)).map((key) => key.slice(0, key.indexOf(' ')));
    if (allowed.length === 0) throw new ServiceError('ROUTE_NOT_FOUND', `No route for ${method} ${path}.`);
    throw new ServiceError('METHOD_NOT_ALLOWED', `${path} takes ${allowed.join(', ')}, not ${method}.`, {
      headers: { Allow: allowed.join(', ') },
    });
  }
}

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-easyfaas-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** @throws ServiceError VALIDATION_FAILED */
function timeoutOf(query: URLSearchParams): number | undefined {
  const text = query.get('timeout');
  if (text === null) return undefined;
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= TIMEOUT_MAX_MS) return value;
  throw new ServiceError(
    'VALIDATION_FAILED',
    `timeout is "${text.slice(0, 32)}", expected whole milliseconds from 1 to ${TIMEOUT_MAX_MS}.`,
  );
}

function isText(answer: object): answer is TextAnswer {
  return 'contentType' in answer && 'text' in answer;
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  send(response, status, 'application/json', JSON.stringify(value));
}

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

import { randomUUID } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, Logger } from '@easyfaas/service-kit';
import { answerRequests, type ReceivedRequest, type Reply } from './answer-requests';
import { PlainConnection } from './plain-connection';
import { collectBody } from './read-json';
import type { FuncletApi } from './routes';
import { streamChanges } from './watch-stream';

/** User and group may connect: the funclet's group is the controller's. */
const SOCKET_MODE = 0o660;
/** Of connections that Node's server has: a shorter time would cut a request off now and then. */
const KEEP_ALIVE_MS = 120_000;
const WATCH = /^\/v1\/containers\?(?:.*&)?watch(?:[=&]|$)/;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

export interface FuncletServerOptions {
  socketPath: string;
  api: FuncletApi;
  clock: Clock;
  logger: Logger;
}

/** The funclet's HTTP API on a unix socket. What the controller writes is read without Node's parser (ADR 0047), anything else by it. */
export class FuncletServer {
  readonly #options: FuncletServerOptions;
  readonly #answer: (request: ReceivedRequest) => Promise<Reply>;
  readonly #server: Server;
  readonly #byNode: ((this: Server, socket: Socket) => void)[];
  /** Those that Node's server has not got. */
  readonly #connections = new Set<PlainConnection>();
  readonly #stopping = new AbortController();

  constructor(options: FuncletServerOptions) {
    this.#options = options;
    const { api, logger } = options;
    this.#answer = answerRequests({ api, logger, stopping: this.#stopping.signal });
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, response) => {
      void this.#handle(request, response);
    });
    this.#byNode = this.#server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
    this.#server.removeAllListeners('connection').on('connection', (socket: Socket) => this.#connect(socket));
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
    for (const connection of this.#connections) if (!connection.isBusy) connection.destroy();
    const cutOff = (): void => {
      this.#server.closeAllConnections();
      for (const connection of this.#connections) connection.destroy();
    };
    deadline.addEventListener('abort', cutOff, { once: true });
    if (deadline.aborted) cutOff();
    await closed;
    deadline.removeEventListener('abort', cutOff);
  }

  /** The watch has a connection of its own, and is Node's. */
  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/' } = request;
    const { api, clock } = this.#options;
    if (method === 'GET' && WATCH.test(url)) return streamChanges(response, api.registry, clock, this.#stopping.signal);
    const body = (): Promise<Buffer> => collectBody(request);
    const reply = await this.#answer({ method, url, body, requestId: () => requestIdOf(request) });
    // What is left of the body is not read: the connection cannot be used again.
    if (!request.complete) response.setHeader('Connection', 'close');
    const { status, contentType, text, headers } = reply;
    response.writeHead(status, { ...headers, 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) });
    response.end(text);
  }

  #connect(socket: Socket): void {
    const connection = new PlainConnection(socket, {
      answer: this.#answer,
      handOver: () => {
        this.#connections.delete(connection);
        for (const listener of this.#byNode) listener.call(this.#server, socket);
      },
      isStopping: () => this.#stopping.signal.aborted,
    });
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }
}

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-easyfaas-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

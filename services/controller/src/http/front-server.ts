import { createServer, IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { randomUUID } from 'node:crypto';
import { LIMITS } from '@easyfaas/contracts/wire';
import { ServiceError, errorEnvelope } from '@easyfaas/service-kit';
import { REQUEST_ID_HEADER } from './request-context';
import { sendError } from './send-error';

export interface FrontServerOptions {
  /** Whole request, headers and body, must have arrived within this, ms. */
  requestTimeoutMs?: number;
  /** What Node makes of each request; the hot path has its own. */
  requestClass?: typeof IncomingMessage;
  /** 0: whoever made the server closes idle connections. */
  keepAliveTimeoutMs?: number;
  /** Sockets at once; further ones are closed by the kernel's answer to accept. */
  maxConnections?: number;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

const HEADERS_TIMEOUT_MS = 10_000;
/**
 * One time for all routes: Node has no limit per route, and a timer per call would be paid by every call. 30 s is enough for
 * a 50 MB package at 14 Mbit/s; an operator with slower lines raises it.
 */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 4096;
const KEEP_ALIVE_MS = 10_000;

/** Properties of a server; `createServer` takes them as options, but they are read later and can be set as well. */
const LIMITS_OF_SERVER = {
  maxHeaderSize: 16 * 1024,
  connectionsCheckingInterval: 1000,
  // The front door asks for exactly one Host itself and answers in our envelope.
  requireHostHeader: false,
} satisfies ServerOptions;

/** The public listener: `onRequest` gets every request, with nothing decided about it yet. */
export function createFrontServer(onRequest: Listener, options: FrontServerOptions = {}): Server {
  const server = createServer({ noDelay: true, IncomingMessage: options.requestClass ?? IncomingMessage }, onRequest);
  configureServer(server, options);
  return server;
}

/**
 * Sets limits and time-outs (before `listen`), and answers in our envelope also where Node would answer by itself, mutely or
 * not at all.
 */
export function configureServer(server: Server, options: FrontServerOptions = {}): void {
  const requestTimeout = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  // Node swaps the two when the headers have more time than the whole.
  const headersTimeout = Math.min(HEADERS_TIMEOUT_MS, requestTimeout);
  const keepAliveTimeout = options.keepAliveTimeoutMs ?? KEEP_ALIVE_MS;
  Object.assign(server, LIMITS_OF_SERVER, { requestTimeout, headersTimeout, keepAliveTimeout });
  server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  server.on('clientError', answerClientError);
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    sendError(response, new ServiceError('EXPECTATION_FAILED', 'Only `Expect: 100-continue` is understood.'), randomUUID());
  });
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // The client waits before it sends: a body over the largest limit of any route need not be asked for.
    const announcedBytes = Number(request.headers['content-length'] ?? 0);
    if (announcedBytes <= LIMITS.controlBodyBytes) response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    endWith(
      socket,
      new ServiceError('METHOD_NOT_ALLOWED', 'CONNECT is not served: this is not a proxy.', { headers: { Allow: 'GET, POST' } }),
    );
  });
  // No listener for `upgrade`: Node then handles the request as if the header were not there.
}

/** What the parser or a timer of the server gave up on. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  const answer = clientError(error.code);
  if (answer === undefined || !socket.writable || hasBegunAnswer(socket)) socket.destroy();
  else endWith(socket, answer);
}

function clientError(code: string | undefined): ServiceError | undefined {
  switch (code ?? '') {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined;
    case 'HPE_HEADER_OVERFLOW':
      return new ServiceError('HEADERS_TOO_LARGE', 'The headers are over 16 KiB, the limit.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new ServiceError('PAYLOAD_TOO_LARGE', 'The chunk extensions are over 16 KiB, the limit.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ServiceError('REQUEST_TIMEOUT', 'The request did not arrive completely in time.');
    default:
      return new ServiceError('BAD_REQUEST', 'This is not a well-formed HTTP/1.1 request.');
  }
}

/** Node keeps the response in progress here; writing a second status line into its body would only confuse the client. */
function hasBegunAnswer(socket: Duplex & { _httpMessage?: { headersSent: boolean } | null }): boolean {
  return socket._httpMessage?.headersSent === true;
}

function endWith(socket: Duplex, error: ServiceError): void {
  const requestId = randomUUID();
  const body = JSON.stringify(errorEnvelope(error, requestId));
  const lines = [
    `HTTP/1.1 ${error.status} ${error.code}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${REQUEST_ID_HEADER}: ${requestId}`,
    ...Object.entries(error.headers).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  socket.on('error', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

import { rmSync } from 'node:fs';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ATTACH_PATH, ATTACH_UPGRADE, type AttachRole, LIMITS, PROTOCOL_VERSION } from '@easyfaas/contracts/wire';

export interface AttachServerOptions {
  socketPath: string;
  /** Whether a connection of this role may still come. */
  isWanted: (role: AttachRole) => boolean;
  /** A connection that was answered 101; HELLO has yet to come. */
  onAttach: (role: AttachRole, socket: Socket, head: Buffer) => void;
  onError: (error: Error) => void;
}

/** Both roles, and a reconnect that overlaps with a dying connection. */
const CONNECTIONS_MAX = 8;
const HEADERS_MS = 5000;

/**
 * The listening end of one container's socket. The container can connect to it and nothing else: the directory is mounted
 * read-only, and whoever connects inside has to know the container's token.
 */
export class AttachServer {
  readonly #server: Server;
  readonly #options: AttachServerOptions;

  constructor(options: AttachServerOptions) {
    this.#options = options;
    this.#server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: HEADERS_MS, keepAlive: false }, (_request, response) => {
      response.writeHead(426, { Upgrade: ATTACH_UPGRADE, Connection: 'close' }).end();
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    this.#server.on('error', (error) => options.onError(error));
  }

  /** Listens for every user: the container's is another one than ours. A socket file left by an earlier life is replaced. */
  listen(): void {
    const { socketPath } = this.#options;
    // Node cuts a longer path silently and would listen somewhere else.
    if (Buffer.byteLength(socketPath) > LIMITS.unixSocketPathBytes) {
      throw new Error(`the socket path ${socketPath} is over ${LIMITS.unixSocketPathBytes} bytes; choose a shorter EASYFAAS_DATA_DIR`);
    }
    rmSync(socketPath, { force: true });
    this.#server.listen({ path: socketPath, readableAll: true, writableAll: true });
  }

  /** Takes no more connections; those that are there stay. Node removes the socket file. */
  close(): void {
    if (this.#server.listening) this.#server.close();
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // An 'error' without a listener would end this process.
    socket.on('error', () => socket.destroy());
    const role = requestedRole(request);
    if (role === undefined) return refuse(socket, '400 Bad Request');
    if (!this.#options.isWanted(role)) return refuse(socket, '409 Conflict');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${ATTACH_UPGRADE}\r\n\r\n`);
    this.#options.onAttach(role, socket as Socket, head);
  }
}

function requestedRole({ url = '', headers }: IncomingMessage): AttachRole | undefined {
  const [path, query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  const role = parameters.get('role');
  if (path !== ATTACH_PATH || parameters.get('protocol') !== String(PROTOCOL_VERSION)) return undefined;
  if (headers.upgrade !== ATTACH_UPGRADE) return undefined;
  return role === 'runner' || role === 'runtime' ? role : undefined;
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame, FrameDecoder, FrameType, type AttachRole } from '@easyfaas/contracts/wire';

/** A frame as it was received, copied out of the connection's buffers. */
export interface ReceivedFrame {
  type: FrameType;
  stream: number;
  header: Record<string, unknown>;
  body: Buffer;
}

interface Waiter {
  matches: (frame: ReceivedFrame) => boolean;
  resolve: (frame: ReceivedFrame) => void;
}

const ALL_TYPES = Object.values(FrameType);

/** One attached process: the runner or the runtime. */
export class FakeConnection {
  readonly role: AttachRole;
  readonly received: ReceivedFrame[] = [];
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #waiters: Waiter[] = [];

  constructor(role: AttachRole, socket: Socket) {
    this.role = role;
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
    const decoder = new FrameDecoder(ALL_TYPES, (frame) =>
      this.#onFrame({
        type: frame.type,
        stream: frame.stream,
        header: JSON.parse(frame.header.toString()) as Record<string, unknown>,
        body: Buffer.from(frame.body),
      }),
    );
    socket.on('data', (chunk) => decoder.push(chunk));
    socket.on('error', () => socket.destroy()); // the peer was killed: 'close' follows
  }

  send(type: FrameType, stream: number, header: object = {}, body: string | Uint8Array = ''): void {
    this.#socket.write(encodeFrame(type, stream, header, typeof body === 'string' ? Buffer.from(body) : body));
  }

  sendRaw(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The first frame, received already or yet to come, that fits and was not returned before. */
  next(type: FrameType, stream?: number, deadlineMs = 10_000): Promise<ReceivedFrame> {
    return this.nextMatching(
      (frame) => frame.type === type && (stream === undefined || frame.stream === stream),
      `frame ${type}`,
      deadlineMs,
    );
  }

  nextMatching(matches: (frame: ReceivedFrame) => boolean, what: string, deadlineMs = 10_000): Promise<ReceivedFrame> {
    const index = this.received.findIndex(matches);
    const found = this.received[index];
    if (found) {
      this.received.splice(index, 1);
      return Promise.resolve(found);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${what} within ${deadlineMs} ms`)), deadlineMs);
      this.#waiters.push({
        matches,
        resolve: (frame) => {
          clearTimeout(timer);
          resolve(frame);
        },
      });
    });
  }

  /** Frames received and not taken by {@link next}, of one type. */
  pending(type: FrameType, stream?: number): ReceivedFrame[] {
    return this.received.filter((frame) => frame.type === type && (stream === undefined || frame.stream === stream));
  }

  /** Stops and resumes reading, for back-pressure. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onFrame(frame: ReceivedFrame): void {
    const index = this.#waiters.findIndex((waiter) => waiter.matches(frame));
    const [waiter] = index < 0 ? [] : this.#waiters.splice(index, 1);
    if (waiter) waiter.resolve(frame);
    else this.received.push(frame);
  }
}

/** The controller's end of one container's socket, for tests of what runs inside. */
export class FakeController {
  readonly directory: string;
  readonly socketPath: string;
  #server: Server | undefined;
  readonly #connections = new Set<Socket>();
  #attached: FakeConnection[] = [];
  #waiters: { role: AttachRole; resolve: (connection: FakeConnection) => void }[] = [];

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'easyfaas-test-'));
    this.socketPath = join(this.directory, 'controller.sock');
  }

  listen(): Promise<void> {
    const server = createServer((socket) => this.#onConnection(socket));
    this.#server = server;
    return new Promise((resolve) => server.listen(this.socketPath, resolve));
  }

  /** The next connection of that role, attached already or yet to come. */
  attached(role: AttachRole, deadlineMs = 10_000): Promise<FakeConnection> {
    const index = this.#attached.findIndex((connection) => connection.role === role);
    const [found] = index < 0 ? [] : this.#attached.splice(index, 1);
    if (found) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${role} attached within ${deadlineMs} ms`)), deadlineMs);
      this.#waiters.push({
        role,
        resolve: (connection) => {
          clearTimeout(timer);
          resolve(connection);
        },
      });
    });
  }

  /** Ends like a controller that crashed: no listener, no connection. */
  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    this.#attached = [];
    await new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve(undefined)));
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #onConnection(socket: Socket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    socket.once('data', (request) => {
      const text = request.toString('latin1');
      const role = /^GET \/v1\/attach\?role=(runner|runtime)&protocol=1 HTTP\/1\.1\r\n/.exec(text)?.[1] as AttachRole | undefined;
      if (!role || !/^Upgrade: easyfaas\/1\r$/m.test(text) || !text.endsWith('\r\n\r\n')) {
        socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
        return;
      }
      const connection = new FakeConnection(role, socket);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: easyfaas/1\r\n\r\n');
      const index = this.#waiters.findIndex((waiter) => waiter.role === role);
      const [waiter] = index < 0 ? [] : this.#waiters.splice(index, 1);
      if (waiter) waiter.resolve(connection);
      else this.#attached.push(connection);
    });
    socket.on('error', () => socket.destroy()); // the peer was killed: 'close' follows
  }
}

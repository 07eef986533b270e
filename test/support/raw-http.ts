import { connect, type Socket } from 'node:net';
import { stack } from './stack';

/** What came back on one raw connection. */
export interface RawAnswer {
  /** Of the first response; 0 when nothing that looks like one came. */
  status: number;
  /** Of the first response; names in lower case. */
  headers: Record<string, string>;
  /** Everything after the first response's head. */
  body: string;
  /** All bytes as latin1. */
  text: string;
  /** The server ended or reset the connection before the deadline. */
  isClosed: boolean;
  elapsedMs: number;
  /** Bytes that the kernel had taken from us when the connection ended. */
  bytesSent: number;
}

export interface RawOptions {
  /** Milliseconds to wait for the server to end the connection. */
  deadlineMs?: number;
  /** Stop as soon as the answer satisfies this, without waiting for the end of the connection. */
  until?: (text: string) => boolean;
  /** Feeds more bytes after the connection is open; ends when the socket is destroyed. */
  feed?: (socket: Socket) => Promise<void>;
  /** Address of ours to connect from. */
  localAddress?: string;
}

const address = new URL(stack.url);

/** Host and port of the stack, as a client writes it into its Host header. */
export const host = address.host;

/** Opens a connection to the stack. Errors on it are kept from ending the test run; `close` tells of them. */
export function openSocket(options: { localAddress?: string } = {}): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.hostname, port: Number(address.port || 80), ...options });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
  });
}

/**
 * Sends bytes as they are and collects what comes back until the server closes the connection, `until` holds, or the
 * deadline is over.
 */
export async function rawExchange(bytes: string | Buffer, options: RawOptions = {}): Promise<RawAnswer> {
  const startedAt = performance.now();
  const socket = await openSocket(options.localAddress === undefined ? {} : { localAddress: options.localAddress });
  const chunks: Buffer[] = [];
  let isClosed = false;
  const collected = (): string => Buffer.concat(chunks).toString('latin1');
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, options.deadlineMs ?? 15_000);
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (options.until?.(collected()) === true) finish();
    });
    socket.on('end', () => {
      isClosed = true;
      finish();
    });
    socket.on('close', () => {
      isClosed = true;
      finish();
    });
    socket.write(bytes);
    options.feed?.(socket).catch(reject);
  });
  const bytesSent = socket.bytesWritten - socket.writableLength;
  socket.destroy();
  return { ...parseHead(collected()), isClosed, elapsedMs: performance.now() - startedAt, bytesSent };
}

function parseHead(text: string): Pick<RawAnswer, 'status' | 'headers' | 'body' | 'text'> {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = (end < 0 ? text : text.slice(0, end)).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0), headers, body: end < 0 ? '' : text.slice(end + 4), text };
}

/** Responses on a connection, in order. Understands Content-Length only, which is what the controller sends. */
export function splitResponses(text: string): { status: number; headers: Record<string, string>; body: string }[] {
  const out: { status: number; headers: Record<string, string>; body: string }[] = [];
  let rest = text;
  while (rest.includes('\r\n\r\n')) {
    const { status, headers, body } = parseHead(rest);
    const length = Number(headers['content-length'] ?? 0);
    if (body.length < length) break;
    out.push({ status, headers, body: body.slice(0, length) });
    rest = body.slice(length);
  }
  return out;
}

/** Head of a request: request line, `Host`, the key, `lines`, and the blank line. */
export function requestHead(requestLine: string, lines: readonly string[] = []): string {
  return [requestLine, `Host: ${host}`, `Authorization: Bearer ${stack.key}`, ...lines, '', ''].join('\r\n');
}

import { connect, type Socket } from 'node:net';
import type { ErrorCode, ErrorEnvelope } from '@easyfaas/contracts/wire';

export interface RawAnswer {
  /** Of the first response; 0 when none came. */
  status: number;
  headers: Record<string, string>;
  body: string;
  text: string;
  isClosed: boolean;
  elapsedMs: number;
}

export interface RawOptions {
  deadlineMs?: number;
  /** Sends more after the first bytes. */
  feed?: (socket: Socket) => Promise<void>;
  /** Ends the wait before the server closes. */
  until?: (text: string) => boolean;
}

/** Sends bytes as they are and collects the answer until the server closes, `until` holds or the deadline is over. */
export async function rawExchange(port: number, bytes: string | Buffer, options: RawOptions = {}): Promise<RawAnswer> {
  const startedAt = performance.now();
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let isClosed = false;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, options.deadlineMs ?? 15_000);
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (options.until?.(text) === true) finish();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      isClosed = true;
      finish();
    });
    socket.on('end', () => {
      isClosed = true;
      finish();
    });
    socket.write(bytes);
    options.feed?.(socket).catch(reject);
  });
  socket.destroy();
  return { ...splitHead(text), text, isClosed, elapsedMs: performance.now() - startedAt };
}

function splitHead(text: string): Pick<RawAnswer, 'status' | 'headers' | 'body'> {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0), headers, body: rest.join('\r\n\r\n') };
}

/** The code of an error answer; checks that it is our envelope and tells nothing of the inside. */
export function errorCodeOf({ body, headers }: { body: string; headers: Record<string, string> }): ErrorCode {
  const { error } = JSON.parse(body) as ErrorEnvelope;
  expect(error.requestId).toBe(headers['x-easyfaas-request-id']);
  expect(body).not.toMatch(/\n\s+at |\bat .*\(|node_modules|\.ts:\d/);
  return error.code;
}

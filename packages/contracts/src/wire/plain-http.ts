/**
 * HTTP between the services of a pod, in the one form in which they write it to each other. A call waits for some of these exchanges, in code that
 * is run so seldom that V8 has not compiled it: Node's HTTP costs a millisecond then, on both sides together, reading what
 * has only one form a tenth of that. What has another form is for a real parser.
 */
import { ProtocolError } from './frames';

export type PlainMethod = 'GET' | 'POST' | 'PATCH';

export interface PlainRequest {
  method: PlainMethod;
  /** Path and query. */
  url: string;
  body: Buffer;
}

export interface PlainAnswer {
  status: number;
  body: Buffer;
  /** The connection takes no further request. */
  isLast: boolean;
}

const HEAD_END = '\r\n\r\n';
const HEAD_BYTES_MAX = 1024;
const REQUEST =
  /^(GET|POST|PATCH) (\/[\x21-\x7e]{0,255}) HTTP\/1\.1\r\nHost: pod\r\n(?:Content-Type: application\/json\r\nContent-Length: ([1-9]\d{0,6})\r\n)?\r\n/;
const STATUS = /^HTTP\/1\.1 ([1-5]\d\d) /;
const LENGTH = /\r\ncontent-length: ?(\d{1,8})(?:\r\n|$)/i;
const LAST = /\r\nconnection: ?close(?:\r\n|$)/i;

/** @param body JSON, not empty; absent for none */
export function encodePlainRequest(method: PlainMethod, url: string, body?: string): string {
  const line = `${method} ${url} HTTP/1.1\r\nHost: pod\r\n`;
  if (body === undefined) return `${line}\r\n`;
  return `${line}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** @returns undefined when the bytes are anything else than one whole request as {@link encodePlainRequest} writes it */
export function decodePlainRequest(bytes: Buffer): PlainRequest | undefined {
  const found = REQUEST.exec(bytes.toString('latin1', 0, HEAD_BYTES_MAX));
  if (found === null) return undefined;
  const [head, method, url = '', length = '0'] = found;
  if (bytes.length !== head.length + Number(length)) return undefined;
  return { method: method as PlainMethod, url, body: bytes.subarray(head.length) };
}

/** @param headers besides the type and the length, checked by whoever chose them */
export function encodePlainAnswer(
  status: number,
  { contentType, text, headers = {} }: { contentType: string; text: string; headers?: Readonly<Record<string, string>> },
): string {
  let head = `HTTP/1.1 ${status} -\r\nContent-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  return `${head}\r\n${text}`;
}

/** Reads the answers of one connection, one at a time. They may come in pieces. */
export class PlainAnswerReader {
  readonly #bodyBytesMax: number;
  #held: Buffer | undefined;

  constructor(bodyBytesMax: number) {
    this.#bodyBytesMax = bodyBytesMax;
  }

  /**
   * @returns the answer when this completes it
   * @throws ProtocolError on what is no answer with its length ahead, or has more or longer bytes than it may
   */
  push(chunk: Buffer): PlainAnswer | undefined {
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    const headEnd = bytes.indexOf(HEAD_END, 0, 'latin1');
    if (headEnd === -1) {
      if (bytes.length > HEAD_BYTES_MAX) throw new ProtocolError('an answer without an end of its head');
      this.#held = bytes;
      return undefined;
    }
    const head = bytes.toString('latin1', 0, headEnd);
    const status = STATUS.exec(head)?.[1];
    const length = LENGTH.exec(head)?.[1];
    if (status === undefined || length === undefined) throw new ProtocolError('an answer without a status or a length');
    const start = headEnd + HEAD_END.length;
    const missing = start + Number(length) - bytes.length;
    if (missing < 0 || Number(length) > this.#bodyBytesMax) throw new ProtocolError('an answer that is longer than it may be');
    this.#held = missing === 0 ? undefined : bytes;
    if (missing > 0) return undefined;
    return { status: Number(status), body: bytes.subarray(start), isLast: LAST.test(head) };
  }
}

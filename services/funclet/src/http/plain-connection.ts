import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { decodePlainRequest, encodePlainAnswer } from '@easyfaas/contracts/wire';
import type { ReceivedRequest, Reply } from './answer-requests';
import { assertBodyLength } from './read-json';

export interface PlainConnectionPorts {
  /** MUST NOT reject. */
  answer: (request: ReceivedRequest) => Promise<Reply>;
  /** Takes the connection from here on, with what it has sent unread. */
  handOver: (socket: Socket) => void;
  isStopping: () => boolean;
}

/**
 * A connection for as long as it sends what the controller writes, one request after the other and each in one piece. At the first bytes that are
 * anything else Node's server gets the connection for good, those bytes included.
 */
export class PlainConnection {
  readonly #socket: Socket;
  readonly #ports: PlainConnectionPorts;
  /** What came while a request was being answered. */
  #held: Buffer | undefined;
  #isBusy = false;

  constructor(socket: Socket, ports: PlainConnectionPorts) {
    this.#socket = socket;
    this.#ports = ports;
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError);
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #onData = (bytes: Buffer): void => {
    if (!this.#isBusy) return this.#take(bytes);
    this.#held = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    this.#socket.pause();
  };

  readonly #onEnd = (): void => void this.#socket.end();

  readonly #onError = (): void => void this.#socket.destroy();

  #take(bytes: Buffer): void {
    const request = decodePlainRequest(bytes);
    if (request === undefined) return this.#handOver(bytes);
    this.#isBusy = true;
    const { method, url } = request;
    const body = (): Buffer => {
      assertBodyLength(request.body.length);
      return request.body;
    };
    void this.#ports.answer({ method, url, body, requestId: randomUUID }).then((reply) => this.#send(reply));
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket;
    socket.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError);
    socket.unshift(bytes);
    this.#ports.handOver(socket);
  }

  #send({ status, contentType, text, headers }: Reply): void {
    const socket = this.#socket;
    const isLast = this.#ports.isStopping();
    socket.write(encodePlainAnswer(status, { contentType, text, headers: isLast ? { ...headers, Connection: 'close' } : headers }));
    this.#isBusy = false;
    if (isLast) return socket.destroySoon();
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    socket.resume();
    this.#take(held);
  }
}

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer } from '../invoke/exchange';
import type { HttpDate } from './http-date';
import { PlainExchange } from './plain-exchange';
import { type PlainHead, readPlainRequest } from './read-plain-request';

/** Bodies up to this size are joined with the head and leave as one piece of text. */
const ONE_PIECE_BYTES = 16 * 1024;

export interface PlainConnectionPorts {
  /** @returns false when the request is for somebody else; it was not touched then */
  onRequest: (exchange: PlainExchange) => boolean;
  /** Takes the connection from here on, with what it has sent unread. */
  handOver: (socket: Socket) => void;
  isDraining: () => boolean;
  date: HttpDate;
}

/**
 * A client's connection for as long as it sends plain requests, one after the other. What comes is looked at when it comes: there
 * is no request that has begun here, so nothing to wait for. At the first bytes that are no plain request, or not one for us,
 * Node's server gets the connection for good, those bytes included.
 */
export class PlainConnection {
  readonly #socket: Socket;
  readonly #ports: PlainConnectionPorts;
  /** A request has not been answered yet. */
  isBusy = false;
  #lastHead: PlainHead | undefined;
  /** What came meanwhile: a client that pipelines. */
  #held: Buffer | undefined;

  constructor(socket: Socket, ports: PlainConnectionPorts) {
    this.#socket = socket;
    this.#ports = ports;
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #onData = (bytes: Buffer): void => {
    if (!this.isBusy) return this.#take(bytes);
    this.#held = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    this.#socket.pause();
  };

  /** As Node's server has it: a client that says that it is done has gone. */
  readonly #onEnd = (): void => void this.#socket.end();

  readonly #onError = (): void => void this.#socket.destroy();

  #take(bytes: Buffer): void {
    const request = readPlainRequest(bytes, this.#lastHead);
    if (request === undefined) return this.#handOver(bytes);
    this.#lastHead = request.head;
    this.isBusy = true;
    const exchange = new PlainExchange(this.#socket, request, this.#send);
    if (this.#ports.onRequest(exchange)) return;
    this.isBusy = false;
    this.#handOver(bytes);
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket;
    socket.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError);
    socket.unshift(bytes);
    this.#ports.handOver(socket);
  }

  readonly #send = ({ status, headers, body }: Answer, isLast: boolean): void => {
    const socket = this.#socket;
    const mustClose = isLast || this.#ports.isDraining();
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
    for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`;
    head += `Date: ${this.#ports.date.text}\r\nConnection: ${mustClose ? 'close' : 'keep-alive'}\r\n\r\n`;
    if (body === undefined) socket.write(head, 'latin1');
    else if (body.length <= ONE_PIECE_BYTES) socket.write(head + body.toString('latin1'), 'latin1');
    else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
    if (mustClose) socket.destroySoon();
    else if (socket.writableNeedDrain) socket.once('drain', this.#next);
    else this.#next();
  };

  /** The answer is on its way. */
  readonly #next = (): void => {
    this.isBusy = false;
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#socket.resume();
    this.#take(held);
  };
}

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { LIMITS } from '@easyfaas/contracts/wire';
import { type Clock, ServiceError } from '@easyfaas/service-kit';
import { KEEP_ALIVE_BYTES, LINGER_MS } from '../http/send-error';
import type { Answer } from '../invoke/exchange';
import { NO_PAYLOAD, type Payload, payloadOf } from '../invoke/payload';
import { PIECE_BYTES, type PayloadMemory } from '../invoke/payload-memory';
import type { HttpDate } from './http-date';
import { PlainBody } from './plain-body';
import { PlainExchange, type PlainLine } from './plain-exchange';
import { type ConnectionReader, type MemoryConnection, readIntoMemory } from './read-into-memory';
import { type PlainHead, readPlainHead } from './read-plain-head';

/** Bodies up to this size are joined with the head and leave as one piece of text. */
const ONE_PIECE_BYTES = 16 * 1024;
/** Requests are looked at in the turn in which they come: one memory for all connections. */
const FRONT_MEMORY = Buffer.allocUnsafeSlow(PIECE_BYTES);

export interface PlainConnectionPorts {
  /** @returns false when the request is for somebody else; it was not touched then */
  onRequest: (exchange: PlainExchange) => boolean;
  /** Takes the connection from here on, with what it has sent unread. */
  handOver: (socket: Socket) => void;
  isDraining: () => boolean;
  date: HttpDate;
  clock: Clock;
  memory: PayloadMemory;
  /** A body that is asked for has to be here within this, ms. */
  bodyMs: number;
}

/**
 * A client's connection for as long as it sends plain requests, one after the other. What comes is looked at when it comes: no head is ever half
 * read here. A body of known length may come behind its head; it is read when somebody wants it. At the first bytes that are no plain
 * request, or not one for us, Node's server gets the connection for good, those bytes included.
 */
export class PlainConnection implements ConnectionReader, PlainLine {
  readonly #connection: MemoryConnection;
  readonly #ports: PlainConnectionPorts;
  /** A request has not been answered yet. */
  isBusy = false;
  #lastHead: PlainHead | undefined;
  /** Of the request under way, while part of it has not come. */
  #body: PlainBody | undefined;
  /** Where the next bytes of that go. */
  #room: Buffer | undefined;
  #onBody: ((body: Payload | ServiceError) => void) | undefined;
  #cancelTimer: (() => void) | undefined;
  /** The answer is on its way. */
  #isAnswered = false;
  #mustClose = false;
  /** What came meanwhile: a client that pipelines. */
  #held: Buffer | undefined;

  constructor(accepted: Socket, ports: PlainConnectionPorts) {
    this.#ports = ports;
    this.#connection = readIntoMemory(accepted, this);
    this.socket.on('end', this.#onEnd).on('error', this.#onError).once('close', this.#onClose);
  }

  get socket(): Socket {
    return this.#connection.socket;
  }

  destroy(): void {
    this.socket.destroy();
  }

  nextMemory(): Buffer {
    this.#room = this.#body?.room;
    return this.#room ?? FRONT_MEMORY;
  }

  onBytes(memory: Buffer, count: number): boolean {
    if (this.#body !== undefined) return this.#addToBody(this.#body, memory, count);
    if (!this.isBusy) return this.#take(memory, count);
    this.#hold(memory.subarray(0, count));
    return false;
  }

  readRest(done: (body: Payload | ServiceError) => void): void {
    // The client went away while it was found out who it is.
    if (this.socket.destroyed) return;
    this.#onBody = done;
    this.#cancelTimer = this.#ports.clock.after(this.#ports.bodyMs, () => {
      this.#onBody = undefined;
      done(new ServiceError('REQUEST_TIMEOUT', 'The request did not arrive completely in time.'));
    });
    this.socket.resume();
  }

  send({ status, headers, body }: Answer, isLast: boolean): void {
    const { socket } = this;
    const rest = this.#body;
    this.#mustClose = isLast || this.#ports.isDraining() || (rest !== undefined && rest.leftBytes > KEEP_ALIVE_BYTES);
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
    for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`;
    head += `Date: ${this.#ports.date.text}\r\nConnection: ${this.#mustClose ? 'close' : 'keep-alive'}\r\n\r\n`;
    if (body === undefined) socket.write(head, 'latin1');
    else if (body.length <= ONE_PIECE_BYTES) socket.write(head + body.toString('latin1'), 'latin1');
    else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
    if (rest !== undefined) this.#discard(rest);
    if (this.#mustClose || !socket.writableNeedDrain) this.#next();
    else socket.once('drain', this.#next);
  }

  /** As Node's server has it: a client that says that it is done has gone. */
  readonly #onEnd = (): void => void this.socket.end();

  readonly #onError = (): void => void this.socket.destroy();

  readonly #onClose = (): void => this.#cancelTimer?.();

  /** @returns false when the rest of its body has to wait until somebody wants it */
  #take(memory: Buffer, count: number): boolean {
    const head = readPlainHead(memory, count, this.#lastHead);
    if (head === undefined) return this.#handOver(memory, count);
    const { bodyBytes } = head;
    const begun = memory.subarray(head.text.length, count);
    const isWhole = begun.length === bodyBytes;
    // Those are refused, and what is left of them is Node's to deal with.
    if (!isWhole && bodyBytes > LIMITS.syncPayloadBytes) return this.#handOver(memory, count);
    this.#lastHead = head;
    this.isBusy = true;
    const body = isWhole ? undefined : new PlainBody(bodyBytes, this.#ports.memory);
    this.#body = body;
    const exchange = new PlainExchange(this, head, isWhole ? wholeBody(begun) : undefined);
    if (!this.#ports.onRequest(exchange)) {
      this.isBusy = false;
      this.#body = undefined;
      return this.#handOver(memory, count);
    }
    body?.take(begun);
    return body === undefined || this.#onBody !== undefined || exchange.isAnswered;
  }

  #handOver(memory: Buffer, count: number): boolean {
    const { socket } = this;
    socket.off('end', this.#onEnd).off('error', this.#onError).off('close', this.#onClose);
    this.#connection.leave(Buffer.from(memory.subarray(0, count)));
    this.#ports.handOver(socket);
    return true;
  }

  /** @returns false when there is something behind it, which has to wait */
  #addToBody(body: PlainBody, memory: Buffer, count: number): boolean {
    if (memory === this.#room) body.filled(count);
    else {
      const taken = body.take(memory.subarray(0, count));
      if (taken < count) this.#hold(memory.subarray(taken, count));
    }
    if (body.leftBytes > 0) return true;
    this.#body = undefined;
    this.#cancelTimer?.();
    const done = this.#onBody;
    this.#onBody = undefined;
    if (done !== undefined) done(body.payload);
    else if (this.#isAnswered) {
      this.#mustClose ||= this.#ports.isDraining();
      this.#next();
    }
    return this.#held === undefined;
  }

  /** Unread, it would stand before the next request; and a connection that is cut with bytes unread takes the answer with it. */
  #discard(body: PlainBody): void {
    body.discard();
    this.#cancelTimer?.();
    if (this.#mustClose) this.#cancelTimer = this.#ports.clock.after(LINGER_MS, () => this.socket.destroySoon());
    this.socket.resume();
  }

  #hold(bytes: Buffer): void {
    this.#held = this.#held === undefined ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes]);
  }

  /** The answer is on its way; a body that nobody wants may still come. */
  readonly #next = (): void => {
    this.#isAnswered = true;
    if (this.#body !== undefined) return;
    if (this.#mustClose) return this.socket.destroySoon();
    this.#isAnswered = false;
    this.isBusy = false;
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.socket.resume();
    if (!this.#take(held, held.length)) this.socket.pause();
  };
}

/** A copy: the memory is for the next request. */
const wholeBody = (bytes: Buffer): Payload => (bytes.length === 0 ? NO_PAYLOAD : payloadOf(Buffer.from(bytes)));

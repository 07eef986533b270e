import type { Socket } from 'node:net';
import type { ServiceError } from '@easyfaas/service-kit';
import type { ErrorAnswer } from '../http/send-error';
import type { Answer, Exchange } from '../invoke/exchange';
import { type BodyFacts, tooLarge } from '../invoke/front-request';
import { NO_PAYLOAD, type Payload, payloadOf } from '../invoke/payload';
import type { PlainHead, PlainRequest } from './read-plain-request';

/** Sends the answer. @param isLast the connection ends behind it */
type Send = (answer: Answer, isLast: boolean) => void;

/** A request that was read whole before anything was asked of it. */
export class PlainExchange implements Exchange {
  readonly socket: Socket;
  readonly head: PlainHead;
  readonly node = undefined;
  readonly #body: Buffer;
  readonly #send: Send;
  isAnswered = false;
  status = 0;

  constructor(socket: Socket, { head, body }: PlainRequest, send: Send) {
    this.socket = socket;
    this.head = head;
    this.#body = body;
    this.#send = send;
  }

  get url(): string {
    return this.head.url;
  }

  get rawHeaders(): readonly string[] {
    return this.head.rawHeaders;
  }

  readBody(_facts: BodyFacts, limitBytes: number, done: (body: Payload | ServiceError) => void): void {
    const body = this.#body;
    if (body.length > limitBytes) done(tooLarge(limitBytes));
    else done(body.length === 0 ? NO_PAYLOAD : payloadOf(body));
  }

  discardBody(): void {
    // It is here already.
  }

  answer(answer: Answer): void {
    this.#answer(answer, false);
  }

  refuse({ status, headers, body, isLast }: ErrorAnswer): void {
    // As over Node's way: what is wrong behind an answer can only be told by breaking off.
    if (this.isAnswered) return void this.socket.destroy();
    const all = { 'Content-Length': String(body.length), ...headers };
    this.#answer({ status, headers: Object.entries(all).flat(), body }, isLast);
  }

  /** @throws Error for a second answer: a bug, and what would follow on the connection would be read as the answer to something else */
  #answer(answer: Answer, isLast: boolean): void {
    if (this.isAnswered) throw new Error('The request has been answered before.');
    this.isAnswered = true;
    this.status = answer.status;
    this.#send(answer, isLast);
  }
}

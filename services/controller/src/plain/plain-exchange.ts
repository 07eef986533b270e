import type { Socket } from 'node:net';
import type { ServiceError } from '@easyfaas/service-kit';
import type { ErrorAnswer } from '../http/send-error';
import type { Answer, Exchange } from '../invoke/exchange';
import { type BodyFacts, tooLarge } from '../invoke/front-request';
import type { Payload } from '../invoke/payload';
import type { PlainHead } from './read-plain-head';

type BodyListener = (body: Payload | ServiceError) => void;

/** What a request asks of its connection. */
export interface PlainLine {
  readonly socket: Socket;
  /** Reads the body to its end. @param done called at most once; never when the client goes away meanwhile */
  readRest(done: BodyListener): void;
  /** Sends the answer. @param isLast the connection ends behind it */
  send(answer: Answer, isLast: boolean): void;
}

/** A request whose head was read before anything was asked of it, and mostly its body too. */
export class PlainExchange implements Exchange {
  readonly head: PlainHead;
  readonly node = undefined;
  readonly #line: PlainLine;
  /** undefined when not all of it is here. */
  readonly #body: Payload | undefined;
  isAnswered = false;
  status = 0;

  constructor(line: PlainLine, head: PlainHead, body: Payload | undefined) {
    this.#line = line;
    this.head = head;
    this.#body = body;
  }

  get socket(): Socket {
    return this.#line.socket;
  }

  get url(): string {
    return this.head.url;
  }

  get rawHeaders(): readonly string[] {
    return this.head.rawHeaders;
  }

  readBody(_facts: BodyFacts, limitBytes: number, done: BodyListener): void {
    if (this.head.bodyBytes > limitBytes) done(tooLarge(limitBytes));
    else if (this.#body === undefined) this.#line.readRest(done);
    else done(this.#body);
  }

  discardBody(): void {
    // What is not here when the answer is given is thrown away.
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
    this.#line.send(answer, isLast);
  }
}

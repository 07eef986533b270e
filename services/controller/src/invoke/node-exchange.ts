import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ServiceError } from '@easyfaas/service-kit';
import { type ErrorAnswer, sendBody } from '../http/send-error';
import type { Answer, Exchange, NodeMessages } from './exchange';
import { type BodyFacts, readBody } from './front-request';
import type { Payload } from './payload';

/** A request that came through `node:http`. */
export class NodeExchange implements Exchange, NodeMessages {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
  }

  get node(): NodeMessages {
    return this;
  }

  get socket(): Socket {
    return this.request.socket;
  }

  get url(): string {
    return this.request.url ?? '';
  }

  get rawHeaders(): readonly string[] {
    return this.request.rawHeaders;
  }

  get isAnswered(): boolean {
    return this.response.headersSent;
  }

  get status(): number {
    return this.response.statusCode;
  }

  readBody(facts: BodyFacts, limitBytes: number, done: (body: Payload | ServiceError) => void): void {
    readBody(this.request, facts, limitBytes, done);
  }

  discardBody(): void {
    this.request.resume();
  }

  answer({ status, headers, body }: Answer): void {
    this.response.writeHead(status, headers).end(body);
  }

  refuse({ status, headers, body, isLast }: ErrorAnswer): void {
    sendBody(this.response, status, body, headers, isLast);
  }
}

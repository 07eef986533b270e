import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ServiceError } from '@easyfaas/service-kit';
import type { ErrorAnswer } from '../http/send-error';
import type { BodyFacts } from './front-request';
import type { Payload } from './payload';

/** A request's answer, whole. */
export interface Answer {
  status: number;
  /** Name, value, name, value; values of printable characters only. */
  headers: string[];
  body: Buffer | undefined;
}

/** Node's own objects. */
export interface NodeMessages {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** One request of a client and the way to answer it. */
export interface Exchange {
  readonly socket: Socket;
  /** The request's target, as sent. */
  readonly url: string;
  /** Name, value, name, value, as sent. */
  readonly rawHeaders: readonly string[];
  /** Where the request came through `node:http`. */
  readonly node: NodeMessages | undefined;
  /** An answer has begun. */
  readonly isAnswered: boolean;
  /** Of the answer, once there is one. */
  readonly status: number;
  /** @param done called at most once: with the body, or an error to answer with; never when the client goes away meanwhile */
  readBody(facts: BodyFacts, limitBytes: number, done: (body: Payload | ServiceError) => void): void;
  /** Nobody will read the body. */
  discardBody(): void;
  answer(answer: Answer): void;
  /** Answers with an error; what is left of the request is thrown away. */
  refuse(answer: ErrorAnswer): void;
}

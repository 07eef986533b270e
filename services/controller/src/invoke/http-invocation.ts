import { type ServiceError, asServiceError } from '@easyfaas/service-kit';
import type { Principal } from '../auth/principal';
import type { Call, Reply } from './call';
import { type ClientConnection, ClientConnections, type ForClient } from './client-connections';
import type { Answer, Exchange, NodeMessages } from './exchange';
import { tooLarge } from './front-request';
import type { StreamSettings } from './http-answer-sink';
import type { InvocationSink, InvokeDialect } from './invoke-dialect';
import type { Outcome } from './outcome';
import type { Payload } from './payload';
import type { PayloadBudget } from './payload-budget';
import type { InvokeHeaders } from './request-headers';
import type { InvokeTarget } from './request-target';

/** What nginx logs for a client that went away; nobody sees it but the record. */
const CLIENT_CLOSED_REQUEST = 499;

export interface HttpInvocationParts {
  exchange: Exchange;
  requestId: string;
  headers: InvokeHeaders;
  target: InvokeTarget;
  dialect: InvokeDialect;
  /** Monotonic, ms. */
  receivedAtMs: number;
}

/** What all invocations share. */
export interface HttpInvocationPorts {
  clients: ClientConnections;
  streams: StreamSettings;
  /** The client of a call is gone. */
  abandon: (call: Call) => void;
  /** A bug: the client is told that the log has more. */
  onInternalError: (error: ServiceError, requestId: string) => void;
}

/** One invocation over HTTP, from its headers to its answer. */
export class HttpInvocation implements Reply, ForClient {
  readonly exchange: Exchange;
  readonly requestId: string;
  readonly headers: InvokeHeaders;
  readonly target: InvokeTarget;
  readonly dialect: InvokeDialect;
  readonly receivedAtMs: number;
  readonly #connection: ClientConnection;
  readonly #ports: HttpInvocationPorts;
  /** Once it is known who calls. */
  principal: Principal | undefined;
  /** Once it was submitted. */
  call: Call | undefined;
  /** Once it was read, where that had to be before it was known who calls. */
  body: Payload | undefined;
  isClientGone = false;
  #budget: PayloadBudget | undefined;
  #heldBytes = 0;
  #sink: InvocationSink | undefined;

  constructor({ exchange, requestId, headers, target, dialect, receivedAtMs }: HttpInvocationParts, ports: HttpInvocationPorts) {
    this.exchange = exchange;
    this.requestId = requestId;
    this.headers = headers;
    this.target = target;
    this.dialect = dialect;
    this.receivedAtMs = receivedAtMs;
    this.#ports = ports;
    this.#connection = ports.clients.begin(exchange.socket, this);
  }

  /** Node's own objects. @throws Error for a request that did not come through `node:http`: a bug */
  get node(): NodeMessages {
    const { node } = this.exchange;
    if (node === undefined) throw new Error('The request did not come through node:http.');
    return node;
  }

  onClientGone(): void {
    this.isClientGone = true;
    if (this.call !== undefined) this.#ports.abandon(this.call);
    else this.#release();
  }

  /** The request's body, as bytes. @param done called at most once; never when the client goes away meanwhile */
  readBody(limitBytes: number, done: (body: Payload | ServiceError) => void): void {
    const { body } = this;
    if (body === undefined) this.exchange.readBody(this.headers, limitBytes, done);
    else done(body.bytes <= limitBytes ? body : tooLarge(limitBytes));
  }

  /** Reserves memory for the payload until the end. @returns false when there is none */
  hold(budget: PayloadBudget, bytes: number): boolean {
    // For a client that has gone nothing would give it back.
    if (this.#budget !== undefined || this.isClientGone) return true;
    if (!budget.take(bytes)) return false;
    this.#budget = budget;
    this.#heldBytes = bytes;
    return true;
  }

  /** Where the answer goes if it comes in pieces; undefined when the client wants it whole. */
  openSink(): InvocationSink | undefined {
    return (this.#sink = this.dialect.openSink?.(this, this.#ports.streams));
  }

  /** Answers without a call having been made. */
  refuse(thrown: unknown): number {
    this.#end();
    const error = asServiceError(thrown);
    if (error.code === 'INTERNAL') this.#ports.onInternalError(error, this.requestId);
    this.dialect.sendError(this, error);
    return this.exchange.status;
  }

  /** A dry run: everything was checked, nothing was done. */
  confirm(): void {
    this.exchange.discardBody();
    this.#answer(this.dialect.confirmed(this));
  }

  /** An event is safe: its result can be asked for. */
  accept(eventId: string): void {
    this.#answer(this.dialect.accepted(this, eventId));
  }

  /** What was answered before, once more. */
  repeat(headers: string[], body: Buffer): void {
    this.#end();
    if (!this.isClientGone) this.exchange.answer({ status: 200, headers, body });
  }

  settle(call: Call, outcome: Outcome): number {
    const { exchange, dialect } = this;
    if (this.#sink !== undefined && call.answer?.hasBegun === true) return this.#finish(this.#sink, call, outcome);
    this.#end();
    if (this.isClientGone || exchange.isAnswered || outcome.kind === 'abandoned') return CLIENT_CLOSED_REQUEST;
    if (outcome.kind === 'platform-error') return this.refuse(outcome.error);
    const refusal = dialect.refusalOf(outcome);
    if (refusal !== undefined) return this.refuse(refusal);
    if (this.#sink?.sendWhole !== undefined) return this.#sink.sendWhole(call, outcome);
    exchange.answer({ status: 200, headers: dialect.resultHeaders(call, outcome), body: outcome.body });
    return 200;
  }

  #answer(answer: Answer): void {
    this.#end();
    if (answer.body !== undefined) answer.headers.push('Content-Length', String(answer.body.length));
    this.exchange.answer(answer);
  }

  /** What the client has not taken yet still goes out: until then its connection is at work. */
  #finish(sink: InvocationSink, call: Call, outcome: Outcome): number {
    if (this.isClientGone) {
      this.#end();
      return CLIENT_CLOSED_REQUEST;
    }
    this.node.response.once('close', () => this.#end());
    sink.finish(call, outcome);
    return 200;
  }

  /** Nothing more is to be done for the client. */
  #end(): void {
    ClientConnections.end(this.#connection, this);
    this.#release();
  }

  #release(): void {
    this.#budget?.give(this.#heldBytes);
    this.#budget = undefined;
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ServiceError, asServiceError } from '@easyfaas/service-kit';
import type { Principal } from '../auth/principal';
import { sendError } from '../http/send-error';
import type { Call, Reply } from './call';
import { logTail } from './call-record';
import { type ClientConnection, ClientConnections, type ForClient } from './client-connections';
import type { Outcome } from './outcome';
import type { PayloadBudget } from './payload-budget';
import type { QuickAnswers } from './quick-answers';
import type { InvokeHeaders } from './request-headers';
import type { InvokeTarget } from './request-target';
import { milliseconds, serverTiming } from './server-timing';

/** What nginx logs for a client that went away; nobody sees it but the record. */
const CLIENT_CLOSED_REQUEST = 499;

export interface HttpInvocationParts {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  headers: InvokeHeaders;
  target: InvokeTarget;
  /** Monotonic, ms. */
  receivedAtMs: number;
}

/** What all invocations share. */
export interface HttpInvocationPorts {
  clients: ClientConnections;
  answers: QuickAnswers;
  /** The client of a call is gone. */
  abandon: (call: Call) => void;
  /** A bug: the client is told that the log has more. */
  onInternalError: (error: ServiceError, requestId: string) => void;
}

/** One invocation over HTTP, from its headers to its answer. */
export class HttpInvocation implements Reply, ForClient {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly headers: InvokeHeaders;
  readonly target: InvokeTarget;
  readonly receivedAtMs: number;
  readonly #connection: ClientConnection;
  readonly #ports: HttpInvocationPorts;
  /** Once it is known who calls. */
  principal: Principal | undefined;
  /** Once it was submitted. */
  call: Call | undefined;
  isClientGone = false;
  #budget: PayloadBudget | undefined;
  #heldBytes = 0;

  constructor({ request, response, requestId, headers, target, receivedAtMs }: HttpInvocationParts, ports: HttpInvocationPorts) {
    this.request = request;
    this.response = response;
    this.requestId = requestId;
    this.headers = headers;
    this.target = target;
    this.receivedAtMs = receivedAtMs;
    this.#ports = ports;
    this.#connection = ports.clients.begin(request.socket, this);
  }

  onClientGone(): void {
    this.isClientGone = true;
    if (this.call !== undefined) this.#ports.abandon(this.call);
    else this.#release();
  }

  /** Reserves memory for the payload until the end. @returns false when there is none */
  hold(budget: PayloadBudget, bytes: number): boolean {
    if (!budget.take(bytes)) return false;
    this.#budget = budget;
    this.#heldBytes = bytes;
    return true;
  }

  /** Answers without a call having been made. */
  refuse(thrown: unknown): number {
    this.#end();
    const error = asServiceError(thrown);
    if (error.code === 'INTERNAL') this.#ports.onInternalError(error, this.requestId);
    sendError(this.response, error, this.requestId);
    return error.status;
  }

  /** A dry run: everything was checked, nothing was done. */
  confirm(): void {
    this.#end();
    this.request.resume();
    this.response.writeHead(204, { 'X-Easyfaas-Request-Id': this.requestId }).end();
  }

  /** An event is safe: its result can be asked for. */
  accept(eventId: string): void {
    this.#end();
    const body = Buffer.from(JSON.stringify({ requestId: eventId }));
    this.response
      .writeHead(202, {
        'Content-Type': 'application/json',
        'Content-Length': body.length,
        Location: `/v1/invocations/${eventId}`,
        'X-Easyfaas-Request-Id': this.requestId,
      })
      .end(body);
  }

  settle(call: Call, outcome: Outcome): number {
    const { response } = this;
    this.#end();
    if (this.isClientGone || response.headersSent || outcome.kind === 'abandoned') return CLIENT_CLOSED_REQUEST;
    if (outcome.kind === 'platform-error') return this.refuse(outcome.error);
    const { body } = outcome;
    const headers = [
      'Content-Type',
      outcome.kind === 'result' ? outcome.contentType : 'application/json',
      'Content-Length',
      String(body.length),
      'X-Easyfaas-Request-Id',
      call.requestId,
      'X-Easyfaas-Function-Exectime',
      milliseconds(call.invokeMs),
      'Server-Timing',
      serverTiming(call),
      'X-Easyfaas-Executed-Version',
      call.request.stored.configuration.Version,
    ];
    if (call.containerId !== undefined) headers.push('X-Easyfaas-Container', call.containerId);
    if (call.elsewhere?.podId !== undefined) headers.push('X-Easyfaas-Pod', call.elsewhere.podId);
    if (call.start !== undefined) headers.push('X-Easyfaas-Start', call.start);
    if (outcome.kind === 'function-error') headers.push('X-Easyfaas-Function-Error', 'Unhandled');
    if (call.request.wantsLogTail) headers.push('X-Easyfaas-Log-Result', logTail(call, outcome).toString('base64'));
    this.#ports.answers.send(response, headers, body);
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

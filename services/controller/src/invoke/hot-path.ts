import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, type Logger, ServiceError } from '@easyfaas/service-kit';
import { LIMITS, type StoredFunction } from '@easyfaas/contracts/wire';
import { authorize, authorizeFunction } from '../auth/authorize';
import type { Authenticator, Principal } from '../auth/principal';
import type { FunctionDirectory } from '../functions/function-directory';
import type { ResolvedFunction } from '../functions/function-name';
import type { FrontDoor } from '../http/front-door';
import { setRequestContext } from '../http/request-context';
import { errorAnswer, sendError } from '../http/send-error';
import { invalidField } from '../invalid-field';
import type { CallRequest } from './call';
import { ClientConnections, type ForClient } from './client-connections';
import type { Dispatcher } from './dispatcher';
import { assertActive } from './dispatcher-invoker';
import type { Exchange } from './exchange';
import { type EventPath, acceptEvent, contextOfChain } from './event-path';
import { holdPayload, payloadsUnderWay } from './hold-payload';
import { HttpInvocation, type HttpInvocationPorts } from './http-invocation';
import { type InvocationHead, readInvocationHead } from './invocation-head';
import { clientContextOf, wantsDryRun, wantsEvent, wantsStream } from './invoke-rules';
import type { InvokeDialect } from './invoke-dialect';
import type { LambdaCallerDeps } from './lambda/lambda-caller';
import { lambdaDialect } from './lambda/lambda-dialect';
import { lambdaStreamDialect } from './lambda/lambda-stream-dialect';
import { nativeDialect } from './native-dialect';
import type { PayloadBudget } from './payload-budget';
import type { PlainExchange } from '../plain/plain-exchange';
import { NodeExchange } from './node-exchange';
import type { InvokeDialectName } from './request-target';
import { runOnce } from './run-once';

export interface HotPathDeps {
  clock: Clock;
  logger: Logger;
  frontDoor: FrontDoor;
  authenticator: Authenticator;
  /** For AWS Lambda's dialect. */
  signatures?: LambdaCallerDeps['signatures'];
  directory: FunctionDirectory;
  dispatcher: Dispatcher;
  region: string;
  /** Every other request. */
  api: (request: IncomingMessage, response: ServerResponse) => void;
  payloads: PayloadBudget;
  /** A client that makes no room for a streamed answer for this long is taken for gone, ms. */
  streamStallMs: number;
  clients: ClientConnections;
  /** Asynchronous calls. */
  events: EventPath;
  /** The service is stopping: connections are closed after their answer. */
  isDraining: () => boolean;
}

/** What express handles for a client sees to its end itself. */
const API_REQUEST: ForClient = { onClientGone: () => undefined };

/**
 * The entrance of the public server. Invocations are handled here, before express and without promises as long as
 * everything that is needed is in memory.
 */
export interface HotPath {
  /** Every request that came through Node's parser; what is no invocation goes on to the API. */
  onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  /** @returns false for what is no invocation, or is one that takes more than a plain exchange can do: those come to `onRequest` */
  onPlainRequest: (exchange: PlainExchange) => boolean;
}

export function createHotPath(deps: HotPathDeps): HotPath {
  const { frontDoor, clock, api, isDraining, dispatcher, clients } = deps;
  const dialects: Record<InvokeDialectName, InvokeDialect> = {
    native: nativeDialect(deps),
    lambda: lambdaDialect(deps),
    'lambda-stream': lambdaStreamDialect(deps),
  };
  const ports: HttpInvocationPorts = {
    clients,
    streams: { clock, stallMs: deps.streamStallMs, payloads: deps.payloads },
    abandon: (call) => dispatcher.abandon(call),
    onInternalError: (error, requestId) => deps.logger.error('invocation failed', { requestId, error }),
  };
  const begin = (exchange: Exchange, { target, headers }: InvocationHead, requestId: string): void => {
    const parts = { exchange, requestId, headers, target, dialect: dialects[target.dialect], receivedAtMs: clock.monotonicMs() };
    const invocation = new HttpInvocation(parts, ports);
    try {
      authenticate(deps, invocation);
    } catch (error) {
      invocation.refuse(error);
    }
  };
  return {
    onRequest: (request, response) => {
      const { requestId, refusal } = frontDoor(request);
      if (isDraining()) response.shouldKeepAlive = false;
      if (refusal !== undefined) return sendError(response, refusal, requestId);
      const asked = request.method === 'POST' ? readInvocationHead(request.url ?? '', request.rawHeaders) : undefined;
      if (asked !== undefined) return begin(new NodeExchange(request, response), asked, requestId);
      setRequestContext(request, { requestId });
      const connection = clients.begin(request.socket, API_REQUEST);
      response.once('close', () => ClientConnections.end(connection, API_REQUEST));
      api(request, response);
    },
    onPlainRequest: (exchange) => {
      const { head } = exchange;
      const asked = head.invocation ?? readInvocationHead(head.url, head.rawHeaders);
      // Signatures and answers in pieces are done with Node's own objects.
      if (asked?.target.dialect !== 'native' || wantsStream(asked.headers)) return false;
      head.invocation = asked;
      const { requestId, refusal } = frontDoor(exchange);
      if (refusal === undefined) begin(exchange, asked, requestId);
      else exchange.refuse(errorAnswer(refusal, requestId));
      return true;
    },
  };
}

function authenticate(deps: HotPathDeps, invocation: HttpInvocation): void {
  const principal = invocation.dialect.authenticate(invocation);
  if (principal instanceof Promise) later(invocation, principal, (known) => find(deps, invocation, known));
  else find(deps, invocation, principal);
}

function find(deps: HotPathDeps, invocation: HttpInvocation, principal: Principal): void {
  authorize(principal, 'function:invoke');
  invocation.principal = principal;
  const { accountId } = principal;
  const reference = invocation.dialect.resolve(invocation, accountId);
  authorizeFunction(principal, reference.functionName);
  const stored = deps.directory.find(accountId, reference.functionName, reference.qualifier);
  if (stored instanceof Promise) later(invocation, stored, (known) => accept(deps, invocation, known, reference));
  else accept(deps, invocation, stored, reference);
}

function accept(deps: HotPathDeps, invocation: HttpInvocation, stored: StoredFunction, reference: ResolvedFunction): void {
  const { headers } = invocation;
  invocation.dialect.checkHeaders(headers);
  assertActive(stored);
  const clientContext = clientContextOf(headers);
  if (wantsDryRun(headers)) return invocation.confirm();
  if (wantsEvent(headers)) return acceptEvent(deps.events, invocation, stored.accountId, reference, clientContext);
  if (headers.depth === undefined) return call(deps, invocation, stored, clientContext);
  later(invocation, contextOfChain(deps.events, headers.depth, clientContext), (context) => call(deps, invocation, stored, context));
}

function call(deps: HotPathDeps, invocation: HttpInvocation, stored: StoredFunction, clientContext: string | undefined): void {
  const { headers } = invocation;
  if (!holdPayload(deps.payloads, invocation)) throw payloadsUnderWay(deps.payloads, deps.dispatcher.retryAfterS(stored));
  invocation.readBody(LIMITS.syncPayloadBytes, (body) => {
    const payload = body instanceof ServiceError ? body : invocation.dialect.payloadOf(body);
    if (payload instanceof ServiceError) return void invocation.refuse(payload);
    // Gone while its body was on the way: nobody would get the answer.
    if (invocation.isClientGone) return;
    const request: CallRequest = {
      requestId: invocation.requestId,
      stored,
      payload,
      contentType: invocation.dialect.contentTypeOf(headers),
      clientContext,
      traceparent: headers.traceparent,
      tracestate: headers.tracestate,
      wantsLogTail: headers.logType === 'Tail',
      sink: invocation.openSink(),
      receivedAtMs: invocation.receivedAtMs,
      keyId: invocation.principal?.keyId,
      reply: invocation,
    };
    if (headers.idempotencyKey === undefined) invocation.call = deps.dispatcher.submit(request);
    else callOnce(deps, invocation, request);
  });
}

/** Not given up when its client goes: the client asks again. */
function callOnce({ events, logger, dispatcher }: HotPathDeps, invocation: HttpInvocation, request: CallRequest): void {
  if (request.sink !== undefined) {
    const text = 'An answer in pieces is not kept: leave out Idempotency-Key, or ask for an answer in one piece.';
    return void invocation.refuse(invalidField('Idempotency-Key', text));
  }
  runOnce({ keptCalls: events.keptCalls, logger }, invocation, request.stored, request.payload, (reply) => {
    dispatcher.submit({ ...request, reply });
  });
}

/** What has to be fetched first: a key or a function that was not seen lately. */
function later<T>(invocation: HttpInvocation, value: Promise<T>, next: (value: T) => void): void {
  value.then(next).catch((error: unknown) => {
    if (!invocation.exchange.isAnswered) invocation.refuse(error);
    else throw error;
  });
}

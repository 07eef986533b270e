import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, ServiceError, asServiceError } from '@easyfaas/service-kit';
import { LIMITS, type StoredFunction } from '@easyfaas/contracts/wire';
import { authorize } from '../auth/authorize';
import { sourceOf } from '../auth/credential';
import type { Authenticator, Principal } from '../auth/principal';
import type { FunctionDirectory } from '../functions/function-directory';
import { resolveFunction } from '../functions/function-name';
import type { FrontDoor } from '../http/front-door';
import { setRequestContext } from '../http/request-context';
import { sendError } from '../http/send-error';
import { readBody } from './read-body';
import type { Call } from './call';
import type { Dispatcher } from './dispatcher';
import { HttpReply } from './http-reply';
import { checkInvokeHeaders, clientContextOf, wantsDryRun } from './invoke-rules';
import { type InvokeHeaders, readInvokeHeaders } from './request-headers';
import { type InvokeTarget, parseInvokeTarget } from './request-target';

export interface HotPathDeps {
  clock: Clock;
  frontDoor: FrontDoor;
  authenticator: Authenticator;
  directory: FunctionDirectory;
  dispatcher: Dispatcher;
  region: string;
  /** Every other request. */
  api: (request: IncomingMessage, response: ServerResponse) => void;
  /** The service is stopping: connections are closed after their answer. */
  isDraining: () => boolean;
}

/** One invocation from its headers to its dispatch. */
interface Incoming {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  headers: InvokeHeaders;
  target: InvokeTarget;
  receivedAtMs: number;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * The listener of the public server. Invocations are handled here, before express and without promises as long as
 * everything that is needed is in memory; every other request goes on to the API.
 */
export function createHotPath(deps: HotPathDeps): Listener {
  const { frontDoor, clock, api, isDraining } = deps;
  return (request, response) => {
    const { requestId, refusal } = frontDoor(request);
    if (isDraining()) response.shouldKeepAlive = false;
    if (refusal !== undefined) return sendError(response, refusal, requestId);
    const target = request.method === 'POST' ? parseInvokeTarget(request.url ?? '') : undefined;
    if (target === undefined) {
      setRequestContext(request, { requestId });
      return api(request, response);
    }
    const receivedAtMs = clock.monotonicMs();
    const headers = readInvokeHeaders(request.rawHeaders);
    try {
      authenticate(deps, { request, response, requestId, headers, target, receivedAtMs });
    } catch (error) {
      sendError(response, asServiceError(error), requestId);
    }
  };
}

function authenticate(deps: HotPathDeps, incoming: Incoming): void {
  const principal = deps.authenticator.authenticate(incoming.headers.credential, sourceOf(incoming.request));
  if (principal instanceof Promise) later(incoming, principal, (known) => find(deps, incoming, known));
  else find(deps, incoming, principal);
}

function find(deps: HotPathDeps, incoming: Incoming, principal: Principal): void {
  authorize(principal, 'function:invoke');
  const { functionId, qualifier } = incoming.target;
  const { accountId } = principal;
  const reference = resolveFunction(functionId, { accountId, region: deps.region }, qualifier);
  const stored = deps.directory.find(accountId, reference.functionName, reference.qualifier);
  if (stored instanceof Promise) later(incoming, stored, (known) => accept(deps, incoming, known));
  else accept(deps, incoming, stored);
}

function accept(deps: HotPathDeps, incoming: Incoming, stored: StoredFunction): void {
  const { request, response, requestId, headers } = incoming;
  checkInvokeHeaders(headers);
  assertActive(stored);
  if (wantsDryRun(headers)) {
    response.writeHead(204, { 'X-Easyfaas-Request-Id': requestId }).end();
    request.resume();
    return;
  }
  const clientContext = clientContextOf(headers);
  readBody(request, headers, LIMITS.syncPayloadBytes, (payload) => {
    if (payload instanceof ServiceError) return sendError(response, payload, requestId);
    // Gone while its body was on the way: nobody would get the answer.
    if (payload === undefined) return;
    const call = deps.dispatcher.submit({
      requestId,
      stored,
      payload,
      contentType: headers.contentType,
      clientContext,
      traceparent: headers.traceparent,
      wantsLogTail: headers.logType === 'Tail',
      receivedAtMs: incoming.receivedAtMs,
      reply: new HttpReply(response),
    });
    if (call.phase !== 'settled') watchClient(deps.dispatcher, response, call);
  });
}

/** A client that goes away before the answer: its call need not go on. */
function watchClient(dispatcher: Dispatcher, response: ServerResponse, call: Call): void {
  response.on('close', () => {
    if (call.phase !== 'settled') dispatcher.abandon(call);
  });
}

function assertActive({ configuration }: StoredFunction): void {
  const { State, StateReason, FunctionName } = configuration;
  if (State === 'Active') return;
  const why = StateReason === undefined ? '' : ` ${StateReason}`;
  throw new ServiceError('NOT_READY', `The function ${FunctionName} is ${State}, not Active.${why}`);
}

/** What has to be fetched first: a key or a function that was not seen lately. */
function later<T>({ response, requestId }: Incoming, value: Promise<T>, next: (value: T) => void): void {
  value.then(next).catch((error: unknown) => {
    if (!response.headersSent) sendError(response, asServiceError(error), requestId);
    else throw error;
  });
}

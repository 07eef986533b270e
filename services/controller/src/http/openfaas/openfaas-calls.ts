import type { Request, Response } from 'express';
import { FUNCTION_ERRORS, LIMITS } from '@easyfaas/contracts/wire';
import { type Clock, ServiceError } from '@easyfaas/service-kit';
import type { FunctionService } from '../../functions/function-service';
import { type EventPath, contextOfChain, depthOf } from '../../invoke/event-path';
import type { StreamSettings } from '../../invoke/http-answer-sink';
import type { InvocationResult, Invoker } from '../../invoke/invoker';
import type { PayloadBudget } from '../../invoke/payload-budget';
import { callFacts } from '../../triggers/sources/http/call-facts';
import { type HttpAnswerHead, functionFault, httpAnswer, httpAnswerHead } from '../../triggers/web/http-answer';
import { WebAnswerSink } from '../../triggers/web/web-answer-sink';
import { type WebRequest, clientSignal, sendAnswer, withBody } from '../../triggers/web/web-request';
import { REQUEST_ID } from '../front-door';
import type { Mount } from '../mount-route';
import { OPENFAAS_CALL, OPENFAAS_EVENT, OPENFAAS_POLICIES } from '../policies/openfaas';
import { principalOf, requestContext } from '../request-context';
import { callPayload } from './call-payload';
import { parseCallPath, resolveOpenfaasName } from './openfaas-name';

export interface OpenfaasCallsDeps {
  invoker: Invoker;
  payloads: PayloadBudget;
  streams: StreamSettings;
  events: { path: EventPath };
  functions: Pick<FunctionService, 'region'>;
  clock: Clock;
}

/** The gateway's own headers, which no function can change. */
const OWN = new Set(['x-call-id', 'x-start-time', 'x-duration-seconds']);

/** `/function/{name}` calls, `/async-function/{name}` takes an event. */
export function mountOpenfaasCalls(mount: Mount, deps: OpenfaasCallsDeps): void {
  const methods = OPENFAAS_POLICIES.filter(({ path }) => path === OPENFAAS_CALL).map(({ method }) => method);
  const call = (request: Request, response: Response): Promise<void> => serve(deps, begin(deps.clock, request, response));
  mount(OPENFAAS_CALL, Object.fromEntries(methods.map((method) => [method, call])));
  mount(OPENFAAS_EVENT, { post: (request, response) => accept(deps, begin(deps.clock, request, response)) });
}

interface Begun {
  web: WebRequest & { request: Request };
  accountId: string;
  keyId: string;
  receivedAtMs: number;
}

/** The call's id is the caller's `X-Call-Id`, where it is one, and the id of everything else about this request. */
function begin(clock: Clock, request: Request, response: Response): Begun {
  const context = requestContext(request);
  const { 'x-call-id': callId, 'x-easyfaas-request-id': ownId } = request.headers;
  if (typeof callId === 'string' && ownId === undefined && REQUEST_ID.test(callId)) context.requestId = callId;
  const { requestId } = context;
  response.setHeader('X-Easyfaas-Request-Id', requestId);
  response.setHeader('X-Call-Id', requestId);
  // Nanoseconds, as OpenFaaS has it.
  response.setHeader('X-Start-Time', `${Math.floor(clock.wallMs())}000000`);
  const { accountId, keyId } = principalOf(request);
  return { web: { request, response, requestId }, accountId, keyId, receivedAtMs: clock.monotonicMs() };
}

async function serve(
  { invoker, payloads, streams, events, functions, clock }: OpenfaasCallsDeps,
  { web, accountId, keyId, receivedAtMs }: Begun,
): Promise<void> {
  const { request, response, requestId } = web;
  const target = parseCallPath(request.url);
  const reference = resolveOpenfaasName(target.name, { accountId, region: functions.region });
  await withBody(web, { limitBytes: LIMITS.syncPayloadBytes, payloads }, async (payload) => {
    const { contentType, clientContext } = callPayload(request, target, payload);
    // How long it took is not known when the headers of an answer in pieces leave.
    const sink = new WebAnswerSink(web, streams, (head) => withoutOwn(httpAnswerHead(head)));
    const depth = headerOf(request, 'x-easyfaas-depth');
    const result = await invoker.invoke(
      {
        accountId,
        ...reference,
        payload,
        contentType,
        clientContext: depth === undefined ? clientContext : await contextOfChain(events.path, depth, clientContext),
        traceparent: headerOf(request, 'traceparent'),
        tracestate: headerOf(request, 'tracestate'),
        requestId,
        invokeType: 'RequestResponse',
        keyId,
        sink,
      },
      clientSignal(web),
    );
    if (sink.finish(result)) return;
    if (!response.headersSent) response.setHeader('X-Duration-Seconds', ((clock.monotonicMs() - receivedAtMs) / 1000).toFixed(6));
    answer(web, result);
  });
}

function answer(web: WebRequest, result: InvocationResult): void {
  switch (result.kind) {
    case 'success': {
      const { body, ...head } = httpAnswer(result);
      return sendAnswer(web, { ...withoutOwn(head), body }, callFacts(result));
    }
    case 'function-error':
      if (result.errorType === FUNCTION_ERRORS.unmarshal)
        throw new ServiceError('INVALID_JSON', 'The Content-Type says JSON, the body is none.');
      throw functionFault(result.errorType);
    case 'platform-error':
      throw result.error;
    case 'aborted':
      web.response.destroy();
  }
}

function withoutOwn({ status, headers }: HttpAnswerHead): HttpAnswerHead {
  return { status, headers: headers.filter((_text, at) => !OWN.has((headers[at - (at % 2)] as string).toLowerCase())) };
}

async function accept({ payloads, events, functions }: OpenfaasCallsDeps, { web, accountId, keyId }: Begun): Promise<void> {
  const { request, response, requestId } = web;
  const { path: event } = events;
  const target = parseCallPath(request.url);
  const reference = resolveOpenfaasName(target.name, { accountId, region: functions.region });
  await withBody(web, { limitBytes: LIMITS.syncPayloadBytes, payloads }, async (payload) => {
    const accepted = await event.intake.accept({
      accountId,
      ...reference,
      payload,
      ...callPayload(request, target, payload),
      traceparent: headerOf(request, 'traceparent'),
      tracestate: headerOf(request, 'tracestate'),
      source: 'api',
      keyId,
      requestId,
      idempotencyKey: headerOf(request, 'idempotency-key'),
      depth: await depthOf(event, headerOf(request, 'x-easyfaas-depth')),
      callbackUrl: headerOf(request, 'x-callback-url'),
    });
    response.setHeader('X-Call-Id', accepted.requestId);
    response.setHeader('Location', `/v1/invocations/${accepted.requestId}`);
    response.writeHead(202, { 'Content-Length': 0 }).end();
  });
}

function headerOf({ headers }: Request, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

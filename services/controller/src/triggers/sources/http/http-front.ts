import type { HttpConfiguration, StoredTrigger } from '@easyfaas/contracts/wire';
import { LIMITS } from '@easyfaas/contracts/wire';
import { type Clock, type Logger, ServiceError } from '@easyfaas/service-kit';
import { authorizeFunction } from '../../../auth/authorize';
import { sourceOf } from '../../../auth/credential';
import type { Principal } from '../../../auth/principal';
import { FUNCTION_NAME } from '../../../functions/function-name';
import { foreignOrigin } from '../../../http/front-door';
import { LAMBDA_REQUEST_ID_HEADER } from '../../../http/lambda/lambda-answers';
import type { StreamSettings } from '../../../invoke/http-answer-sink';
import type { InvocationResult, Invoker } from '../../../invoke/invoker';
import type { PayloadBudget } from '../../../invoke/payload-budget';
import { RevalidatingCache } from '../../../revalidating-cache';
import type { TriggerStatusBoard } from '../../trigger-status';
import type { TriggerStore } from '../../trigger-store';
import type { CallerCheck } from '../../web/caller-check';
import { allowsOrigin, corsHeaders, preflightHeaders } from '../../web/cors';
import { functionFault, httpAnswer, urlAnswer } from '../../web/http-answer';
import { httpEvent } from '../../web/http-event';
import { WebAnswerSink } from '../../web/web-answer-sink';
import { type WebPath, parseWebPath } from '../../web/web-path';
import { type WebRequest, bodyAhead, clientSignal, sendAnswer, withBody } from '../../web/web-request';
import { type RouteMatch, RouteTable } from './route-table';
import { callFacts } from './call-facts';

export interface HttpFrontDeps {
  store: TriggerStore;
  status: TriggerStatusBoard;
  secretsOf: (trigger: StoredTrigger) => Record<string, string>;
  invoker: Invoker;
  callers: CallerCheck;
  payloads: PayloadBudget;
  streams: StreamSettings;
  /** Origins that may call every path. */
  allowedOrigins: readonly string[];
  clock: Clock;
  logger: Logger;
}

/** What is called, by which rules. */
interface Target {
  accountId: string;
  functionName: string;
  qualifier: string;
  match: RouteMatch | undefined;
  rawPath: string;
}

const NO_RULES: HttpConfiguration = { Auth: 'key' };

/** `/http/{account}/…`: finds the trigger, checks the caller by its rules, calls the function and answers with what it says. */
export class HttpFront {
  readonly #deps: HttpFrontDeps;
  readonly #tables: RevalidatingCache<RouteTable>;
  readonly #noTable = new RouteTable([]);
  readonly #allowedOrigins: Set<string>;

  constructor(deps: HttpFrontDeps) {
    this.#deps = deps;
    this.#allowedOrigins = new Set(deps.allowedOrigins.map((origin) => origin.toLowerCase()));
    this.#tables = new RevalidatingCache<RouteTable>({
      load: async (accountId) => {
        const triggers = await deps.store.ofSource(accountId, 'http');
        if (triggers.length === 0) return undefined;
        return new RouteTable(triggers.map((trigger) => ({ trigger, secrets: deps.secretsOf(trigger) })));
      },
      clock: deps.clock,
      freshMs: 30_000,
      graceMs: 60_000,
      negativeMs: 1000,
      outageMs: 3_600_000,
      capacity: 1000,
      onBackgroundError: (error) => deps.logger.warn('http triggers could not be read again', { error }),
    });
    deps.store.onChange(({ accountId, source }) => {
      if (source === 'http') this.#tables.invalidate(accountId);
    });
    deps.store.onGap(() => this.#tables.expireAll());
  }

  /** @throws ServiceError whatever the answer is to be */
  async handle(web: WebRequest): Promise<void> {
    const { request } = web;
    const { origin } = request.headers;
    const path = parseWebPath(request.url ?? '');
    if (path === undefined) throw await this.#nothingHere(web, undefined, undefined);
    const isPreflight = request.method === 'OPTIONS' && origin !== undefined && 'access-control-request-method' in request.headers;
    const method = isPreflight ? String(request.headers['access-control-request-method']) : (request.method ?? 'GET');
    const table = (await this.#tables.get(path.accountId)) ?? this.#noTable;
    const found = table.find(method, path.rest);
    const match = 'route' in found ? found : undefined;
    const rules = match?.route.configuration ?? NO_RULES;
    if (origin !== undefined) {
      if (!allowsOrigin(rules.Cors, origin) && !this.#allowedOrigins.has(origin.toLowerCase())) throw foreignOrigin();
      if (isPreflight && rules.Cors !== undefined) {
        const headers = preflightHeaders(rules.Cors, origin, request.headers['access-control-request-headers']);
        return sendAnswer(web, { status: 204, headers, body: Buffer.alloc(0) });
      }
      // Also errors must be readable for the script that is allowed to call.
      if (rules.Cors !== undefined) setHeaders(web, corsHeaders(rules.Cors, origin));
    }
    const caller = rules.Auth === 'key' ? await this.#callerOf(web) : undefined;
    if (caller !== undefined && caller.accountId !== path.accountId) throw noRoute();
    const target = match === undefined ? await this.#implicitTarget(web, path, found) : targetOf(match);
    if (caller !== undefined) authorizeFunction(caller, target.functionName);
    await this.#serve(web, path, target, rules, caller?.keyId);
  }

  /** A function without http triggers can be called at its own path by who may call it anyway. */
  async #implicitTarget(web: WebRequest, path: WebPath, found: ReturnType<RouteTable['find']>): Promise<Target> {
    const [, name = '', qualifier, rest = ''] = /^\/([^/:]*)(?::([^/]*))?(\/.*)?$/.exec(path.rest) ?? [];
    if (!FUNCTION_NAME.test(name) || ('kind' in found && (found.kind === 'method' || found.hasRoutes))) {
      throw await this.#nothingHere(web, path, found);
    }
    return {
      accountId: path.accountId,
      functionName: name,
      qualifier: qualifier ?? '$LATEST',
      match: undefined,
      rawPath: rest === '' ? '/' : rest,
    };
  }

  /** The same words for who has no key, whatever there is: paths are nobody else's business. */
  async #nothingHere(web: WebRequest, path: WebPath | undefined, found: ReturnType<RouteTable['find']> | undefined): Promise<ServiceError> {
    if (path === undefined) await this.#callerOf(web);
    if (found === undefined || !('kind' in found) || found.kind === 'none') return noRoute();
    const allow = found.allow.join(', ');
    return new ServiceError('METHOD_NOT_ALLOWED', `This path takes ${allow}.`, { headers: { Allow: allow } });
  }

  #callerOf(web: WebRequest): Promise<Principal> {
    const { callers, payloads } = this.#deps;
    return callers.callerOf(web.request, () => bodyAhead(web, { limitBytes: LIMITS.syncPayloadBytes, payloads }));
  }

  async #serve(web: WebRequest, path: WebPath, target: Target, rules: HttpConfiguration, keyId: string | undefined): Promise<void> {
    const { callers, payloads, status } = this.#deps;
    const { match } = target;
    const trigger = match?.route.trigger;
    if (trigger !== undefined) {
      if (!trigger.isEnabled) throw paused();
      callers.assertWithinRate(trigger.triggerId, rules.RateLimit);
    }
    await withBody(web, { limitBytes: LIMITS.syncPayloadBytes, payloads }, async (body) => {
      if (trigger !== undefined && rules.Auth === 'hmac') {
        const fingerprint = callers.assertSigned('generic', match?.route.secrets['HmacSecret'], web.request, body);
        await callers.assertNew(trigger.triggerId, fingerprint);
      }
      if (trigger !== undefined) status.count(trigger.accountId, trigger.triggerId, 'Received');
      if (rules.Base === 'url') web.response.setHeader(LAMBDA_REQUEST_ID_HEADER, web.requestId);
      const sink = rules.InvokeMode === 'BUFFERED' ? undefined : new WebAnswerSink(web, this.#deps.streams);
      const result = await this.#call(web, path, { ...target, keyId }, body, sink);
      if (trigger !== undefined) status.count(trigger.accountId, trigger.triggerId, result.kind === 'success' ? 'Accepted' : 'Failed');
      if (sink?.finish(result) !== true) answer(web, result, rules.Base === 'url');
    });
  }

  async #call(
    web: WebRequest,
    { query }: WebPath,
    target: Target & { keyId: string | undefined },
    body: Buffer,
    sink: WebAnswerSink | undefined,
  ): Promise<InvocationResult> {
    const { request, requestId } = web;
    const { accountId, functionName, qualifier, match, rawPath, keyId } = target;
    const triggerId = match?.route.trigger.triggerId;
    const event = httpEvent({
      request,
      sourceIp: sourceOf(request),
      accountId,
      triggerId: triggerId ?? 'function-url',
      requestId,
      routeKey: routeKeyOf(match),
      rawPath,
      rawQueryString: query,
      pathParameters: match?.pathParameters ?? {},
      body,
      nowMs: this.#deps.clock.wallMs(),
    });
    const payload = Buffer.from(JSON.stringify(event));
    if (payload.length > LIMITS.syncPayloadBytes) {
      const text = `The request makes an event of ${payload.length} bytes (binary bodies travel in base64), the limit is ${LIMITS.syncPayloadBytes}.`;
      throw new ServiceError('PAYLOAD_TOO_LARGE', text);
    }
    const { traceparent, tracestate } = request.headers;
    return this.#deps.invoker.invoke(
      {
        accountId,
        functionName,
        qualifier,
        payload,
        contentType: 'application/json',
        requestId,
        invokeType: 'RequestResponse',
        keyId,
        source: triggerId === undefined ? undefined : `trigger:${triggerId}`,
        sink,
        ...(typeof traceparent === 'string' ? { traceparent } : {}),
        ...(typeof tracestate === 'string' ? { tracestate } : {}),
      },
      clientSignal(web),
    );
  }
}

function targetOf(match: RouteMatch): Target {
  const { accountId, functionName, qualifier } = match.route.trigger;
  return { accountId, functionName, qualifier, match, rawPath: match.rawPath };
}

function routeKeyOf(match: RouteMatch | undefined): string {
  const { Methods, Path } = match?.route.configuration ?? {};
  if (Path === undefined && Methods === undefined) return '$default';
  return `${Methods?.join('|') ?? 'ANY'} ${Path ?? '/'}`;
}

function setHeaders({ response }: WebRequest, headers: readonly string[]): void {
  for (let at = 0; at + 1 < headers.length; at += 2) response.setHeader(headers[at] as string, headers[at + 1] as string);
}

/** @param isFunctionUrl answers as AWS's do */
function answer(web: WebRequest, result: InvocationResult, isFunctionUrl: boolean): void {
  switch (result.kind) {
    case 'success': {
      const told = isFunctionUrl ? urlAnswer(result) : httpAnswer(result);
      return sendAnswer(web, told, callFacts(result));
    }
    case 'function-error':
      throw functionFault(result.errorType);
    case 'platform-error':
      throw result.error;
    case 'aborted':
      web.response.destroy();
  }
}

function paused(): ServiceError {
  return new ServiceError('TRIGGER_PAUSED', 'The trigger of this path is paused; try again later.', { headers: { 'Retry-After': '60' } });
}

function noRoute(): ServiceError {
  return new ServiceError('ROUTE_NOT_FOUND', 'No HTTP trigger for this path.');
}

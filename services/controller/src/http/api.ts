import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorRequestHandler } from 'express';
import type { RuntimeManifest } from '@easyfaas/contracts/wire';
import { ServiceError, asServiceError, type Logger } from '@easyfaas/service-kit';
import { createExpressApp } from '@easyfaas/service-kit/http';
import type { KeyService } from '../auth/key-service';
import type { Authenticator } from '../auth/principal';
import type { FunctionService } from '../functions/function-service';
import type { PackageReader } from '../functions/package-store';
import type { TypeScriptCompiler } from '../functions/typescript-compiler';
import type { ProvisionedService } from '../functions/provisioned-service';
import type { RecordReader } from '../records/record-reader';
import type { Triggers } from '../triggers/triggers';
import { sandboxFunctions } from './function-sandbox';
import { LAMBDA_REQUEST_ID_HEADER, isLambdaPath, sendLambdaError } from './lambda/lambda-answers';
import { LambdaError } from './lambda/lambda-error';
import { type LambdaDeps, mountLambda } from './lambda/lambda';
import { LogStream } from './log-stream';
import type { ResourceOwners } from './authorize-resource';
import { type Callers, createMount, createUnsupportedMount, mountHotPaths } from './mount-route';
import { type OpenfaasDeps, mountOpenfaas } from './openfaas/openfaas';
import type { PoolReader } from './pool-reader';
import { requestContext } from './request-context';
import { type ConsoleDeps, mountConsole } from './routes/console';
import { type EventRoutesDeps, mountEvents } from './routes/events';
import { mountFunctions } from './routes/functions';
import { mountKeys } from './routes/keys';
import { mountLogs } from './routes/logs';
import { mountOperations, type MetricsSource, type ReadinessCheck } from './routes/operations';
import { mountOpenapi } from './routes/openapi';
import { type PodsReader, mountPods } from './routes/pods';
import { mountPool } from './routes/pool';
import { mountProvisioned } from './routes/provisioned';
import { mountRecords } from './routes/records';
import { mountRegistry } from './routes/registry';
import { mountRuntimes } from './routes/runtimes';
import { mountLayers } from './routes/layers';
import { mountSecrets } from './routes/secrets';
import { mountTags } from './routes/tags';
import { mountVersions } from './routes/versions';
import { mountTriggers } from './routes/triggers';
import { mountUnsupported } from './routes/unsupported';
import { sendError } from './send-error';

export interface ApiDeps {
  logger: Logger;
  clock: OpenfaasDeps['clock'];
  webConsole: ConsoleDeps;
  /** Of the service, for `/version`. */
  version: string;
  authenticator: Authenticator;
  signatures?: Callers['signatures'];
  keys: KeyService;
  functions: FunctionService;
  packageReader: PackageReader;
  provisioned: ProvisionedService;
  reservations: LambdaDeps['reservations'];
  records: RecordReader;
  events: EventRoutesDeps['events'] & OpenfaasDeps['events'];
  invoker: OpenfaasDeps['invoker'];
  payloads: OpenfaasDeps['payloads'];
  /** A client that makes no room for a streamed answer for this long is taken for gone, ms. */
  streamStallMs: number;
  pool: PoolReader;
  /** Endless answers end then. */
  isStopping?: () => boolean;
  pods: PodsReader;
  triggers: Pick<Triggers, 'service' | 'redrive' | 'web'>;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
  typescript: TypeScriptCompiler;
  readiness: readonly ReadinessCheck[];
  metrics: MetricsSource;
}

export type Api = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Everything but invocations. The caller has run the front door and called `setRequestContext`; keys are checked here, per
 * route.
 */
export function createApi(deps: ApiDeps): Api {
  return createExpressApp({
    logger: deps.logger,
    requestIdOf: (request) => requestContext(request).requestId,
    mount: (app) => {
      app.use((request, response, next) => {
        const { requestId } = requestContext(request);
        response.setHeader('X-Easyfaas-Request-Id', requestId);
        if (isLambdaPath(request.path)) response.setHeader(LAMBDA_REQUEST_ID_HEADER, requestId);
        next();
      });
      app.use(sandboxFunctions(deps.webConsole.consoleHosts));
      const guarded = { ...deps, owners: ownersOf(deps) };
      const mount = createMount(app, guarded);
      mountOperations(mount, deps);
      mountConsole(mount, deps.webConsole);
      mountFunctions(mount, deps);
      mountVersions(mount, deps);
      mountTags(mount, deps);
      mountSecrets(mount, deps);
      mountLayers(mount, deps);
      mountRecords(mount, deps);
      mountEvents(mount, deps);
      const logs = new LogStream(deps.records, deps.isStopping);
      mountLogs(mount, { ...deps, logs });
      const streams = { clock: deps.clock, stallMs: deps.streamStallMs, payloads: deps.payloads };
      mountOpenfaas(mount, { ...deps, logs, streams });
      mountLambda(mount, deps);
      mountRuntimes(mount, deps);
      mountRegistry(mount, deps);
      mountOpenapi(mount, deps);
      mountProvisioned(mount, deps);
      mountPool(mount, deps);
      mountPods(mount, deps);
      mountKeys(mount, deps);
      mountTriggers(mount, deps);
      mountHotPaths(app);
      mountUnsupported(createUnsupportedMount(app, guarded));
      app.use((request, _response, next) => {
        next(new ServiceError('ROUTE_NOT_FOUND', `No route for ${request.method} ${request.path}.`));
      });
      app.use(answerError(deps.logger));
    },
  });
}

/** Looks up nothing before it is asked: only requests by limited keys need it. */
function ownersOf({ functions, triggers, events, records }: ApiDeps): ResourceOwners {
  return {
    get region() {
      return functions.region;
    },
    trigger: async (accountId, triggerId) => (await triggers.service.read(accountId, triggerId)).functionName,
    invocation: async (accountId, requestId) => {
      const found = (await events.invocations.find(accountId, requestId)) ?? (await records.find(accountId, requestId));
      return found?.functionName;
    },
  };
}

/** Like the service kit's, but closes the connection kindly when the body is still on its way. */
function answerError(logger: Logger): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    const context = requestContext(request);
    const { requestId } = context;
    const error = thrown instanceof LambdaError ? thrown : fromRouter(thrown);
    if (error instanceof ServiceError) context.errorCode = error.code;
    if (error instanceof LambdaError || isLambdaPath(request.path)) return sendLambdaError(request, response, error, logger);
    if (error.status >= 500) logger.error('request failed', { requestId, method: request.method, path: request.path, error });
    sendError(response, error, requestId);
  };
}

/** The router throws errors of its own for paths that it cannot decode. */
function fromRouter(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const isUndecodable = thrown instanceof URIError || (thrown instanceof Error && 'status' in thrown && thrown.status === 400);
  if (isUndecodable) return new ServiceError('BAD_REQUEST', 'The path has a broken percent-encoding.', { cause: thrown });
  return asServiceError(thrown);
}

import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import type { Logger } from '../logger';
import { ServiceError, asServiceError, errorEnvelope } from '../service-error';

export interface ExpressAppOptions {
  logger: Logger;
  /** Mounts the routes; runs before the not-found and error handlers are added. */
  mount: (app: Express) => void;
  /** The request's id: assigned before express runs, or made here. */
  requestIdOf: (request: express.Request) => string;
}

/** Express with our defaults: no fingerprint, simple queries, every failure in our envelope. */
export function createExpressApp({ logger, mount, requestIdOf }: ExpressAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('strict routing', true);
  app.set('case sensitive routing', true);
  mount(app);
  app.use(notFound);
  app.use(errorHandler(logger, requestIdOf));
  return app;
}

const notFound: RequestHandler = (request, _response, next) => {
  next(new ServiceError('ROUTE_NOT_FOUND', `No route for ${request.method} ${request.path}.`));
};

function errorHandler(logger: Logger, requestIdOf: (request: express.Request) => string): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    const requestId = requestIdOf(request);
    const error = fromExpress(thrown);
    if (error.status >= 500) logger.error('request failed', { requestId, method: request.method, path: request.path, error });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.status(error.status).set(error.headers).set('X-Easyfaas-Request-Id', requestId).json(errorEnvelope(error, requestId));
  };
}

/** Express and its body parser throw errors with a `status` and a `type` of their own. */
function fromExpress(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (thrown instanceof URIError) return new ServiceError('BAD_REQUEST', 'The path has a broken percent-encoding.', { cause: thrown });
  const status = typeof thrown === 'object' && thrown !== null && 'status' in thrown ? thrown.status : undefined;
  if (status === 400) return new ServiceError('BAD_REQUEST', 'The request could not be read.', { cause: thrown });
  return asServiceError(thrown);
}

/** Mounts `methods` on `path` and answers 405 with `Allow` for every other one. */
export function route(
  router: Router | Express,
  path: string,
  methods: Partial<Record<'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options', RequestHandler[]>>,
): void {
  const target = router.route(path);
  for (const [method, handlers] of Object.entries(methods)) target[method as 'get'](...handlers);
  const allow = Object.keys(methods).map((method) => method.toUpperCase());
  target.all((request, _response, next) => {
    next(
      new ServiceError('METHOD_NOT_ALLOWED', `${request.path} takes ${allow.join(', ')}, not ${request.method}.`, {
        headers: { Allow: allow.join(', ') },
      }),
    );
  });
}

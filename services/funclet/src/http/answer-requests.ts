import { ServiceError, asServiceError, errorEnvelope, withDeadline, type Logger } from '@easyfaas/service-kit';
import { matchPath } from './match-path';
import { createRoutes, type FuncletApi, type Route, type TextAnswer } from './routes';

/** One request, whoever has read it. */
export interface ReceivedRequest {
  method: string;
  /** Path and query. */
  url: string;
  requestId: () => string;
  /** Only asked for by a route that takes one. @throws ServiceError */
  body: () => Buffer | Promise<Buffer>;
}

/** What is sent back, whoever writes it. */
export interface Reply {
  status: number;
  contentType: string;
  text: string;
  headers: Readonly<Record<string, string>>;
}

export interface AnswerRequestsOptions {
  api: FuncletApi;
  logger: Logger;
  stopping: AbortSignal;
}

const TIMEOUT_MAX_MS = 3_600_000;
const JSON_TYPE = 'application/json';
const NO_HEADERS = {};

/** Everything that is asked of the funclet but the watch. @returns answers requests; the promise never rejects */
export function answerRequests({ api, logger, stopping }: AnswerRequestsOptions): (request: ReceivedRequest) => Promise<Reply> {
  const routes = createRoutes(api);
  return async (request) => {
    try {
      return await dispatch(routes, api, stopping, request);
    } catch (thrown) {
      const error = asServiceError(thrown);
      const requestId = request.requestId();
      if (error.status >= 500) logger.warn('request failed', { requestId, method: request.method, url: request.url, error });
      return { ...jsonReply(error.status, errorEnvelope(error, requestId)), headers: error.headers };
    }
  };
}

async function dispatch(
  routes: ReadonlyMap<string, Route>,
  api: FuncletApi,
  stopping: AbortSignal,
  { method, url, body }: ReceivedRequest,
): Promise<Reply> {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  if (method === 'GET' && path === '/readyz') {
    const { isReady, checks } = stopping.aborted ? { isReady: false, checks: { service: 'stopping' } } : api.readiness();
    return jsonReply(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', checks });
  }
  const { pattern, id } = matchPath(path);
  const route = routes.get(`${method} ${pattern}`) ?? refuse(routes, method, path, pattern);
  if (stopping.aborted && method !== 'GET') throw new ServiceError('SHUTTING_DOWN', 'The funclet is stopping; its containers go on.');
  const timeoutMs = (mark === -1 ? undefined : timeoutOf(url.slice(mark + 1))) ?? route.timeoutMs;
  const answer = await withDeadline(`${method} ${path}`, timeoutMs, (signal) => route.run({ body, id, signal }));
  if (!isText(answer)) return jsonReply(route.status, answer);
  return { status: route.status, contentType: answer.contentType, text: answer.text, headers: NO_HEADERS };
}

function refuse(routes: ReadonlyMap<string, Route>, method: string, path: string, pattern: string): never {
  const allowed = [...routes.keys()].filter((key) => key.endsWith(` ${pattern}`)).map((key) => key.slice(0, key.indexOf(' ')));
  if (allowed.length === 0) throw new ServiceError('ROUTE_NOT_FOUND', `No route for ${method} ${path}.`);
  throw new ServiceError('METHOD_NOT_ALLOWED', `${path} takes ${allowed.join(', ')}, not ${method}.`, {
    headers: { Allow: allowed.join(', ') },
  });
}

/** @throws ServiceError VALIDATION_FAILED */
function timeoutOf(query: string): number | undefined {
  const text = new URLSearchParams(query).get('timeout');
  if (text === null) return undefined;
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= TIMEOUT_MAX_MS) return value;
  throw new ServiceError(
    'VALIDATION_FAILED',
    `timeout is "${text.slice(0, 32)}", expected whole milliseconds from 1 to ${TIMEOUT_MAX_MS}.`,
  );
}

function isText(answer: object): answer is TextAnswer {
  return 'contentType' in answer && 'text' in answer;
}

function jsonReply(status: number, value: object): Reply {
  return { status, contentType: JSON_TYPE, text: JSON.stringify(value), headers: NO_HEADERS };
}

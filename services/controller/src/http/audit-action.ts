import type { RequestHandler } from 'express';
import type { Logger } from '@easyfaas/service-kit';
import { requestContext } from './request-context';
import type { RoutePolicy } from './route-policy';

type Outcome = 'done' | 'refused' | 'failed' | 'aborted';

/**
 * One line per control action of a caller who is known: who, what, on what, outcome. Nothing that a body or a query said is in
 * it. Reading is not a control action, and calls have records of their own.
 */
export function auditAction({ method, action, isCall }: RoutePolicy, logger: Logger): RequestHandler {
  const isControl = method !== 'get' && isCall !== true && action !== 'public' && action !== 'trigger';
  if (!isControl) return (_request, _response, next) => next();
  return (request, response, next) => {
    const { requestId } = requestContext(request);
    const { method: used, path } = request;
    response.once('close', () => {
      const { principal, actedOn, errorCode } = requestContext(request);
      if (principal === undefined) return;
      const { statusCode: status, writableFinished } = response;
      logger.info('control action', {
        requestId,
        accountId: principal.accountId,
        keyId: principal.keyId,
        action,
        method: used,
        path,
        ...(actedOn === undefined ? {} : { actedOn }),
        outcome: writableFinished ? outcomeOf(status) : 'aborted',
        status,
        ...(errorCode === undefined ? {} : { errorCode }),
      });
    });
    next();
  };
}

function outcomeOf(status: number): Outcome {
  if (status < 400) return 'done';
  return status < 500 ? 'refused' : 'failed';
}

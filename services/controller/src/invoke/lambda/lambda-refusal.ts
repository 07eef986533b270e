import type { ErrorCode } from '@easyfaas/contracts/wire';
import type { Logger } from '@easyfaas/service-kit';
import { ServiceError } from '@easyfaas/service-kit';
import { sendLambdaError } from '../../http/lambda/lambda-answers';
import { LambdaError } from '../../http/lambda/lambda-error';
import { lambdaFunctionNotFound } from '../../http/lambda/lambda-name';
import { setRequestContext } from '../../http/request-context';
import type { HttpInvocation } from '../http-invocation';

export interface LambdaRefusalDeps {
  region: string;
  logger: Logger;
}

/** Limits that AWS has, too: their own words are known to clients. */
const AWS_REASONS: ReadonlySet<string> = new Set([
  'ReservedFunctionConcurrentInvocationLimitExceeded',
  'ConcurrentInvocationLimitExceeded',
]);
const RATE_EXCEEDED = 'Rate Exceeded.';

/** Lets what is thrown in AWS's words travel the common way. @throws ServiceError */
export function asServiceErrors<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof LambdaError)) throw error;
    throw new ServiceError('VALIDATION_FAILED', error.message, { cause: error });
  }
}

export function sendLambdaRefusal({ region, logger }: LambdaRefusalDeps, invocation: HttpInvocation, error: ServiceError): void {
  const { requestId } = invocation;
  const { request, response } = invocation.node;
  setRequestContext(request, { requestId });
  sendLambdaError(request, response, refusal(error, invocation, region), logger);
}

type Asked = Pick<HttpInvocation, 'target' | 'principal'>;

/** What AWS would say of an invocation. */
export function refusal(error: ServiceError, asked: Asked, region: string): LambdaError | ServiceError {
  if (error.cause instanceof LambdaError) return error.cause;
  return WORDS[error.code]?.(error, asked, region) ?? error;
}

const WORDS: Partial<Record<ErrorCode, (error: ServiceError, asked: Asked, region: string) => LambdaError | undefined>> = {
  FUNCTION_NOT_FOUND: (_error, { target, principal }, region) => {
    if (principal === undefined || target.resolved === undefined) return undefined;
    return lambdaFunctionNotFound({ accountId: principal.accountId, region }, target.resolved);
  },
  PAYLOAD_TOO_LARGE: (error) => {
    const { limitBytes } = error.details ?? {};
    if (typeof limitBytes !== 'number') return undefined;
    const text = `Request must be smaller than ${limitBytes} bytes for the InvokeFunction operation`;
    return new LambdaError('RequestTooLargeException', text, { cause: error });
  },
  THROTTLED: (error) => {
    const { headers } = error;
    const { Reason: reason = '' } = headers;
    const isOwn = !AWS_REASONS.has(reason);
    const members = { Reason: isOwn ? nearestReason(reason) : reason };
    return new LambdaError('TooManyRequestsException', isOwn ? error.message : RATE_EXCEEDED, { headers, members, cause: error });
  },
  VALIDATION_FAILED: (error) => {
    if (error.details?.['field'] !== 'X-Amz-Client-Context') return undefined;
    return new LambdaError('InvalidRequestContentException', error.message, { cause: error });
  },
};

/** Of those that AWS has: limits of a key are the caller's, all others are about room for calls. */
function nearestReason(reason: string): string {
  return reason.includes('Key') ? 'CallerRateLimitExceeded' : 'ConcurrentInvocationLimitExceeded';
}

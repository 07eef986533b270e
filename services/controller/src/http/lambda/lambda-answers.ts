import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@easyfaas/service-kit';
import { requestContext } from '../request-context';
import { sendBody } from '../send-error';
import { LambdaError, lambdaErrorOf } from './lambda-error';

/** AWS's paths begin with the date of their API. */
const LAMBDA_PATH = /^\/20\d\d-\d\d-\d\d\//;

export function isLambdaPath(path: string): boolean {
  return LAMBDA_PATH.test(path);
}

/** Under which every answer of the dialect tells its request id. */
export const LAMBDA_REQUEST_ID_HEADER = 'x-amzn-RequestId';

/** Answers as AWS does: the error's name in `x-amzn-ErrorType`. */
export function sendLambdaError(request: IncomingMessage, response: ServerResponse, thrown: unknown, logger: Logger): void {
  const { requestId } = requestContext(request);
  const isAnonymous = request.headers.authorization === undefined && request.headers['x-easyfaas-key'] === undefined;
  const error = inPlace(lambdaErrorOf(thrown), request.url ?? '', isAnonymous);
  if (error.status >= 500) logger.error('request failed', { requestId, method: request.method, path: request.url, error: thrown });
  sendBody(response, error.status, Buffer.from(JSON.stringify(error.body)), {
    ...error.headers,
    'Content-Type': 'application/json',
    [LAMBDA_REQUEST_ID_HEADER]: requestId,
    'x-amzn-ErrorType': error.awsName,
  });
}

/** Names that depend on more than what went wrong. */
function inPlace(error: LambdaError, url: string, isAnonymous: boolean): LambdaError {
  if (isAnonymous && error.awsName === 'UnrecognizedClientException') {
    return new LambdaError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const isInvoke = /^[^?]*\/[a-z-]*invocations(\?|$)/.test(url);
  if (!isInvoke || error.awsName !== 'RequestEntityTooLargeException') return error;
  return new LambdaError('RequestTooLargeException', error.message, { cause: error });
}

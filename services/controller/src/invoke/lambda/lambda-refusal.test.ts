import { ServiceError } from '@easyfaas/service-kit';
import { lambdaErrorOf } from '../../http/lambda/lambda-error';
import { throttled } from '../admission';
import type { InvokeTarget } from '../request-target';
import { checkLambdaHeaders } from './lambda-headers';
import { refusal } from './lambda-refusal';
import { readInvokeHeaders } from '../request-headers';

const principal = { keyId: 'k', accountId: 'default', scopes: [] };
const target: InvokeTarget = {
  dialect: 'lambda',
  functionId: 'f',
  qualifier: '',
  resolved: { functionName: 'f', qualifier: '$LATEST' },
};
const told = (error: ServiceError): [number, string, Record<string, string>] => {
  const { status, awsName, body } = lambdaErrorOf(refusal(error, { target, principal }, 'local'));
  return [status, awsName, body];
};

describe('a refused invocation in the words of AWS', () => {
  it('names the function that there is none of', () => {
    expect(told(new ServiceError('FUNCTION_NOT_FOUND', 'x'))).toEqual([
      404,
      'ResourceNotFoundException',
      { Type: 'User', Message: 'Function not found: arn:aws:lambda:local:000000000000:function:f:$LATEST' },
    ]);
  });

  it.each([
    ['ReservedFunctionConcurrentInvocationLimitExceeded', 'Rate Exceeded.', 'ReservedFunctionConcurrentInvocationLimitExceeded'],
    ['ConcurrentInvocationLimitExceeded', 'Rate Exceeded.', 'ConcurrentInvocationLimitExceeded'],
    ['WaitingLineFull', 'The line is full.', 'ConcurrentInvocationLimitExceeded'],
  ] as const)('says of %s which limit was met', (reason, message, told429) => {
    const error = throttled(reason, 'The line is full.', 7);
    expect(told(error)).toEqual([429, 'TooManyRequestsException', { Type: 'User', Reason: told429, message }]);
    expect(lambdaErrorOf(refusal(error, { target, principal }, 'local')).headers).toMatchObject({ 'Retry-After': '7' });
  });

  it("says of a limit of the key that it is the caller's", () => {
    const error = new ServiceError('THROTTLED', 'x', { headers: { Reason: 'WrongKeys' } });
    expect(told(error)[2]).toMatchObject({ Reason: 'CallerRateLimitExceeded' });
  });

  it('names the limit of a payload', () => {
    expect(told(new ServiceError('PAYLOAD_TOO_LARGE', 'x', { details: { limitBytes: 262_144 } }))).toEqual([
      413,
      'RequestTooLargeException',
      { Type: 'User', message: 'Request must be smaller than 262144 bytes for the InvokeFunction operation' },
    ]);
  });

  it("does not pass its own failures off as the caller's", () => {
    expect(told(new ServiceError('STORE_UNAVAILABLE', 'Redis is away.'))).toEqual([
      503,
      'ServiceException',
      { Type: 'Service', Message: 'Redis is away.' },
    ]);
  });

  it.each([
    [{ 'X-Amz-Invocation-Type': 'Later' }, "Value 'Later' at 'invocationType'"],
    [{ 'X-Amz-Log-Type': 'Head' }, "Value 'Head' at 'logType'"],
  ])('lists what a header may say: %j', (headers, words) => {
    const check = (): void => checkLambdaHeaders(readInvokeHeaders(Object.entries(headers).flat()));
    expect(check).toThrow(words);
    try {
      check();
    } catch (error) {
      expect(told(error as ServiceError)).toEqual([400, 'ValidationException', { message: expect.stringContaining(words) as string }]);
    }
  });

  it('says that a client context is none', () => {
    const error = new ServiceError('VALIDATION_FAILED', 'x', { details: { field: 'X-Amz-Client-Context' } });
    expect(told(error).slice(0, 2)).toEqual([400, 'InvalidRequestContentException']);
  });
});

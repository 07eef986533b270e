import { ERRORS, type ErrorCode } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { SignatureError } from '../../auth/signature/signature-error';
import { LambdaError, lambdaErrorOf } from './lambda-error';

describe('errors in the way of AWS Lambda', () => {
  it.each([
    ['FUNCTION_NOT_FOUND', 404, 'ResourceNotFoundException', { Type: 'User', Message: 'words' }],
    ['CONFLICT', 409, 'ResourceConflictException', { Type: 'User', message: 'words' }],
    ['VALIDATION_FAILED', 400, 'InvalidParameterValueException', { Type: 'User', message: 'words' }],
    ['PACKAGE_TOO_LARGE', 400, 'InvalidParameterValueException', { Type: 'User', message: 'words' }],
    ['INVALID_JSON', 400, 'InvalidRequestContentException', { Type: 'User', message: 'words' }],
    ['PRECONDITION_FAILED', 412, 'PreconditionFailedException', { Type: 'User', message: 'words' }],
    ['FORBIDDEN', 403, 'AccessDeniedException', { message: 'words' }],
    ['STORE_UNAVAILABLE', 503, 'ServiceException', { Type: 'Service', Message: 'words' }],
    ['NOT_SUPPORTED', 501, 'ServiceException', { Type: 'Service', Message: 'words' }],
  ] as const)('%s is %d %s', (code, status, awsName, body) => {
    expect(lambdaErrorOf(new ServiceError(code, 'words'))).toMatchObject({ status, awsName, body });
  });

  it('have a status of the kind that our own has', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const error = new ServiceError(code, 'words');
      expect([code, Math.floor(lambdaErrorOf(error).status / 100)]).toEqual([code, Math.floor(error.status / 100)]);
    }
  });

  it('keep the headers, and the names of signatures', () => {
    const throttled = new ServiceError('THROTTLED', 'words', { headers: { 'Retry-After': '3' } });
    expect(lambdaErrorOf(throttled)).toMatchObject({ awsName: 'TooManyRequestsException', headers: { 'Retry-After': '3' } });
    expect(lambdaErrorOf(new SignatureError('InvalidSignatureException', 'words')).awsName).toBe('InvalidSignatureException');
    const own = new LambdaError('ValidationException', 'words');
    expect(lambdaErrorOf(own)).toBe(own);
  });

  it('tell nothing of the inside', () => {
    expect(lambdaErrorOf(new Error('/srv/secret/path')).message).not.toContain('secret');
  });
});

import type { ErrorCode } from '@easyfaas/contracts/wire';
import { type ServiceError, asServiceError } from '@easyfaas/service-kit';
import { SignatureError } from '../../auth/signature/signature-error';

/** Names of AWS Lambda's errors, with their statuses. */
const STATUSES = {
  AccessDeniedException: 403,
  IncompleteSignatureException: 403,
  InvalidParameterValueException: 400,
  InvalidRequestContentException: 400,
  InvalidSignatureException: 403,
  MissingAuthenticationTokenException: 403,
  PreconditionFailedException: 412,
  ProvisionedConcurrencyConfigNotFoundException: 404,
  RequestEntityTooLargeException: 413,
  RequestTooLargeException: 413,
  ResourceConflictException: 409,
  ResourceNotFoundException: 404,
  ServiceException: 500,
  TooManyRequestsException: 429,
  UnknownOperationException: 404,
  UnrecognizedClientException: 403,
  UnsupportedMediaTypeException: 415,
  ValidationException: 400,
} as const;
export type LambdaErrorName = keyof typeof STATUSES;

/** These have `Message` where the others have `message`: AWS's own clients read each by its name. */
const CAPITAL: ReadonlySet<LambdaErrorName> = new Set(['ResourceNotFoundException', 'ServiceException']);
/** Raised before AWS looks at what is asked for: they do not say whose fault it is. */
const UNTYPED: ReadonlySet<LambdaErrorName> = new Set([
  'AccessDeniedException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'RequestEntityTooLargeException',
  'UnknownOperationException',
  'UnrecognizedClientException',
  'ValidationException',
]);

const NAMES: Partial<Record<ErrorCode, LambdaErrorName>> = {
  FORBIDDEN: 'AccessDeniedException',
  FORBIDDEN_KEY: 'InvalidRequestContentException',
  INVALID_JSON: 'InvalidRequestContentException',
  METHOD_NOT_ALLOWED: 'UnknownOperationException',
  PAYLOAD_TOO_LARGE: 'RequestEntityTooLargeException',
  PRECONDITION_FAILED: 'PreconditionFailedException',
  PROVISIONED_NOT_FOUND: 'ProvisionedConcurrencyConfigNotFoundException',
  ROUTE_NOT_FOUND: 'UnknownOperationException',
  THROTTLED: 'TooManyRequestsException',
  UNAUTHORIZED: 'UnrecognizedClientException',
  UNSUPPORTED_MEDIA_TYPE: 'UnsupportedMediaTypeException',
};

export interface LambdaErrorOptions {
  status?: number;
  headers?: Record<string, string>;
  /** Of the body, beside the text. */
  members?: Record<string, string>;
  cause?: unknown;
}

/** A failure in AWS's own name and words, where a client may go by them. */
export class LambdaError extends Error {
  readonly awsName: LambdaErrorName;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly #members: Readonly<Record<string, string>>;

  constructor(
    awsName: LambdaErrorName,
    message: string,
    { status = STATUSES[awsName], headers = {}, members = {}, cause }: LambdaErrorOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.awsName = awsName;
    this.status = status;
    this.headers = headers;
    this.#members = members;
  }

  /** As AWS writes it: `Type`, and `message` or `Message` by the error's name. */
  get body(): Record<string, string> {
    const text = CAPITAL.has(this.awsName) ? { Message: this.message } : { message: this.message };
    return UNTYPED.has(this.awsName) ? text : { ...this.#members, Type: this.status >= 500 ? 'Service' : 'User', ...text };
  }
}

/** What one of our own errors is called on AWS. */
export function lambdaErrorOf(thrown: unknown): LambdaError {
  if (thrown instanceof LambdaError) return thrown;
  if (thrown instanceof SignatureError) return new LambdaError(thrown.awsName, thrown.message, { cause: thrown });
  const error = asServiceError(thrown);
  const { headers } = error;
  const name = NAMES[error.code] ?? nameByStatus(error);
  const status = error.status >= 500 ? error.status : STATUSES[name];
  return new LambdaError(name, error.message, { status, headers, cause: thrown });
}

function nameByStatus({ status }: ServiceError): LambdaErrorName {
  if (status === 404) return 'ResourceNotFoundException';
  if (status === 409) return 'ResourceConflictException';
  if (status >= 500) return 'ServiceException';
  return 'InvalidParameterValueException';
}

import { ERRORS, type ErrorCode, type ErrorDefinition, type ErrorEnvelope } from '@easyfaas/contracts/wire';

export interface ServiceErrorOptions {
  cause?: unknown;
  /** Facts for programs; shown to the caller. */
  details?: Record<string, unknown>;
  /** Response headers that belong to this error, such as `Retry-After`. */
  headers?: Record<string, string>;
}

/**
 * A failure that a caller is told about, with a code of the catalogue. The message names what was wrong, the limit and
 * the way out; it must not contain secrets, paths or stacks.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  readonly headers: Record<string, string>;

  constructor(code: ErrorCode, message: string, options: ServiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }

  get definition(): ErrorDefinition {
    return ERRORS[this.code];
  }

  get status(): number {
    return this.definition.status;
  }
}

/** Any thrown value as a ServiceError: unknown ones become INTERNAL with a text that tells nothing of the inside. */
export function asServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  return new ServiceError('INTERNAL', 'The platform failed unexpectedly; its log has the details under this request id.', {
    cause: thrown,
  });
}

/** The body of an error answer. */
export function errorEnvelope(error: ServiceError, requestId: string): ErrorEnvelope {
  const { code, message, details } = error;
  return { error: { code, message, retryable: error.definition.retryable, requestId, ...(details === undefined ? {} : { details }) } };
}

/** Inverse of {@link errorEnvelope} for clients of our own services; undefined when the body is not an envelope. */
export function parseErrorEnvelope(body: unknown): ServiceError | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  const { error } = body;
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return undefined;
  const { code, message } = error;
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code) || typeof message !== 'string') return undefined;
  const details = 'details' in error && typeof error.details === 'object' && error.details !== null ? error.details : undefined;
  return new ServiceError(code as ErrorCode, message, details === undefined ? {} : { details: details as Record<string, unknown> });
}

/** An answer that is no success, or none at all (status 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Of the error catalogue; empty when there was no answer of the controller's. */
  readonly code: string;
  readonly requestId: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(
    message: string,
    {
      status,
      code = '',
      requestId,
      retryAfterS,
    }: { status: number; code?: string; requestId?: string | undefined; retryAfterS?: number | undefined },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.retryAfterS = retryAfterS;
  }
}

interface Facts {
  status: number;
  /** The body. */
  text: string;
  retryAfter: string | null;
  requestId: string | null;
}

/** Reads the envelope that every error of the platform comes in; a proxy in between may answer something else. */
export function apiErrorOf({ status, text, retryAfter, requestId }: Facts): ApiError {
  const { code, message } = envelopeOf(text);
  const seconds = Number(retryAfter ?? NaN);
  return new ApiError(message ?? `The answer was ${status}, without words of the controller.`, {
    status,
    code: code ?? '',
    requestId: requestId ?? undefined,
    retryAfterS: Number.isFinite(seconds) ? seconds : undefined,
  });
}

function envelopeOf(text: string): { code?: string; message?: string } {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    return {
      ...(typeof error?.code === 'string' ? { code: error.code } : {}),
      ...(typeof error?.message === 'string' ? { message: error.message } : {}),
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return {};
    throw error;
  }
}

import { validateHeaderName, validateHeaderValue } from 'node:http';
import { FUNCTION_ERRORS, type ErrorCode, type HttpHead } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';

export interface HttpAnswerHead {
  status: number;
  /** Name, value, name, value; a name may come more than once. */
  headers: string[];
}

export interface HttpAnswer extends HttpAnswerHead {
  body: Buffer;
}

/** Of the connection, not of the answer (RFC 9110, 7.6.1), or worked out from the body, or the platform's own. */
const IGNORED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'x-easyfaas-request-id',
]);
const HEADERS_MAX = 100;
const HEADER_BYTES_MAX = 64 * 1024;
/** Answers that have no body. */
const BODILESS = new Set([204, 205, 304]);

/**
 * A function's result as an HTTP answer: `{statusCode, headers, cookies, body, isBase64Encoded}` as AWS Lambda has it, or any other
 * value, which is the body of a 200. One that was written to a stream says beside its bytes what it is.
 * @throws ServiceError INVALID_RESPONSE naming the member
 */
export function httpAnswer({ body, contentType, http }: { body: Buffer; contentType: string; http?: HttpHead }): HttpAnswer {
  if (http !== undefined) return { ...httpAnswerHead({ contentType, http }), body };
  const structured = /^application\/json\b/i.test(contentType) ? structuredResult(body) : undefined;
  if (structured === undefined) return { status: 200, headers: ['Content-Type', contentType], body };
  const { status, headers } = headOf(structured);
  const bytes = BODILESS.has(status) ? Buffer.alloc(0) : bodyOf(structured['body'], structured['isBase64Encoded']);
  if (!hasType(headers) && bytes.length > 0) headers.push('Content-Type', 'application/json');
  return { status, headers, body: bytes };
}

/**
 * Status and headers of an answer whose body comes in pieces.
 * @throws ServiceError INVALID_RESPONSE naming the member
 */
export function httpAnswerHead({ contentType, http }: { contentType: string; http: HttpHead | undefined }): HttpAnswerHead {
  const { status, headers } = headOf({ ...http, statusCode: http?.statusCode ?? 200 });
  if (!hasType(headers)) headers.push('Content-Type', contentType);
  return { status, headers };
}

function headOf(structured: Record<string, unknown>): HttpAnswerHead {
  const status = statusOf(structured['statusCode']);
  const headers = [...headersOf(structured['headers']), ...headersOf(structured['multiValueHeaders']), ...cookiesOf(structured['cookies'])];
  assertSize(headers);
  return { status, headers };
}

function hasType(headers: readonly string[]): boolean {
  return headers.some((text, at) => at % 2 === 0 && text.toLowerCase() === 'content-type');
}

/** The same for an AWS function URL: there a result that is a text is the body as it is, without quotes. */
export function urlAnswer(result: { body: Buffer; contentType: string; http?: HttpHead }): HttpAnswer {
  const { status, headers, body } = httpAnswer(result);
  const isText = result.http === undefined && body === result.body && body[0] === QUOTE && /^application\/json\b/i.test(result.contentType);
  return { status, headers, body: isText ? Buffer.from(JSON.parse(body.toString()) as string) : body };
}

const QUOTE = 0x22;

function structuredResult(body: Buffer): Record<string, unknown> | undefined {
  // Most results have another shape: a search costs less than reading them.
  if (!body.includes('"statusCode"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value as object, 'statusCode') ? (value as Record<string, unknown>) : undefined;
}

function statusOf(value: unknown): number {
  const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
  if (typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw invalid('statusCode', 'must be a whole number from 200 to 599');
}

function headersOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid('headers', 'must be an object');
  return Object.entries(value).flatMap(([name, given]) => {
    if (IGNORED.has(name.toLowerCase())) return [];
    const values: unknown[] = Array.isArray(given) ? given : [given];
    return values.flatMap((each) => headerOf(name, each));
  });
}

function headerOf(name: string, value: unknown): string[] {
  if (!['string', 'number', 'boolean'].includes(typeof value)) throw invalid(`headers.${name.slice(0, 64)}`, 'must be a text');
  const text = String(value);
  try {
    validateHeaderName(name);
    validateHeaderValue(name, text);
  } catch (cause) {
    throw invalid(`headers.${name.slice(0, 64)}`, 'is no valid HTTP header', cause);
  }
  return [name, text];
}

function cookiesOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((cookie) => typeof cookie === 'string')) throw invalid('cookies', 'must be a list of texts');
  return value.flatMap((cookie: string) => headerOf('Set-Cookie', cookie));
}

function assertSize(headers: readonly string[]): void {
  const bytes = headers.reduce((sum, text) => sum + text.length, 0);
  if (headers.length / 2 <= HEADERS_MAX && bytes <= HEADER_BYTES_MAX) return;
  throw invalid('headers', `are over the limit of ${HEADERS_MAX} headers or ${HEADER_BYTES_MAX} bytes`);
}

function bodyOf(value: unknown, isBase64: unknown): Buffer {
  if (value === undefined || value === null) return Buffer.alloc(0);
  if (isBase64 !== undefined && typeof isBase64 !== 'boolean') throw invalid('isBase64Encoded', 'must be true or false');
  if (typeof value === 'string') return Buffer.from(value, isBase64 === true ? 'base64' : 'utf8');
  if (isBase64 === true) throw invalid('body', 'must be a text in base64, as isBase64Encoded says');
  return Buffer.from(JSON.stringify(value));
}

function invalid(member: string, what: string, cause?: unknown): ServiceError {
  return new ServiceError('INVALID_RESPONSE', `The function's answer cannot be sent: ${member} ${what}.`, {
    cause,
    headers: FUNCTION_ERROR_HEADER,
  });
}

const FUNCTION_ERROR_HEADER = { 'X-Easyfaas-Function-Error': 'Unhandled' };

const CODES: Partial<Record<string, ErrorCode>> = {
  [FUNCTION_ERRORS.timedOut]: 'FUNCTION_TIMEOUT',
  [FUNCTION_ERRORS.outOfMemory]: 'FUNCTION_OOM',
  [FUNCTION_ERRORS.exited]: 'FUNCTION_CRASHED',
  [FUNCTION_ERRORS.responseTooLarge]: 'RESPONSE_TOO_LARGE',
  [FUNCTION_ERRORS.marshal]: 'INVALID_RESPONSE',
};

/** A function's failure as a web client sees it: that it failed and how, nothing of its inside. */
export function functionFault(errorType: string): ServiceError {
  const shown = errorType.slice(0, 64).replace(/[^\w.$-]/g, '?');
  return new ServiceError(
    CODES[errorType] ?? 'FUNCTION_FAILED',
    `The function failed (${shown}); the record of this request has the details.`,
    {
      headers: FUNCTION_ERROR_HEADER,
    },
  );
}

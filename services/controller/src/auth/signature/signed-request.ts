import type { IncomingHttpHeaders } from 'node:http';
import { SignatureError } from './signature-error';

/** What `Authorization: AWS4-HMAC-SHA256 …` says, before any of it is believed. */
export interface SignedRequest {
  method: string;
  /** As on the wire, with its query. */
  target: string;
  accessKeyId: string;
  /** `YYYYMMDD`, a region of the client's choice, and the service. */
  scope: { date: string; region: string; service: string };
  signedAtMs: number;
  /** Those that the signature covers, lower case. */
  signedHeaders: Readonly<Record<string, string>>;
  /** Hex. */
  signature: string;
  /** Hex SHA-256 of the body, or `unsigned`; undefined when the request does not say it beside its signature. */
  payloadHash: string | undefined;
}

export const ALGORITHM = 'AWS4-HMAC-SHA256';
const UNSIGNED = 'UNSIGNED-PAYLOAD';
const PARAMETERS = ['Credential', 'SignedHeaders', 'Signature'] as const;
const LONG_DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
/** AWS: a request is good for five minutes on either side of its time. */
const SKEW_MS = 300_000;
const SIGNED_HEADERS_MAX = 50;

export function isSigned({ authorization = '' }: IncomingHttpHeaders): boolean {
  return authorization.startsWith('AWS4-');
}

/**
 * Reads the header form of Signature Version 4 and refuses what can be refused without the key.
 * @throws SignatureError in the words of AWS
 */
export function readSignedRequest(
  { method = '', url = '', headers }: { method?: string | undefined; url?: string | undefined; headers: IncomingHttpHeaders },
  nowMs: number,
): SignedRequest {
  const { authorization = '' } = headers;
  const [algorithm, ...rest] = authorization.split(' ');
  if (algorithm !== ALGORITHM) throw incomplete(`Unsupported AWS 'algorithm': '${shown(algorithm ?? '')}'; ${ALGORITHM} is understood.`);
  const { Credential, SignedHeaders, Signature } = parametersOf(rest.join(' '));
  const [accessKeyId = '', date = '', region = '', service = '', terminator, ...more] = Credential.split('/');
  if (terminator !== 'aws4_request' || more.length > 0) {
    throw incomplete(`Credential must have 5 parts, such as <access key id>/20260101/us-east-1/lambda/aws4_request.`);
  }
  if (service !== 'lambda') throw invalid(`Credential should be scoped to correct service: 'lambda'. `.trim());
  const names = SignedHeaders.split(';');
  const signedHeaders = coveredHeaders(headers, names);
  if (headers['x-amz-security-token'] !== undefined) {
    throw new SignatureError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid: there are no session tokens here.',
    );
  }
  const signedAtMs = timeOf(headers['x-amz-date'], date, nowMs);
  return {
    method,
    target: url,
    accessKeyId,
    scope: { date, region, service },
    signedAtMs,
    signedHeaders,
    signature: Signature,
    payloadHash: payloadHashOf(headers['x-amz-content-sha256']),
  };
}

function parametersOf(text: string): Record<(typeof PARAMETERS)[number], string> {
  const found = new Map(
    text.split(',').map((part) => {
      const [name = '', ...value] = part.trim().split('=');
      return [name, value.join('=')] as const;
    }),
  );
  const missing = PARAMETERS.filter((name) => (found.get(name) ?? '') === '');
  if (missing.length > 0) {
    throw incomplete(`Authorization header requires ${missing.map((name) => `'${name}' parameter.`).join(' ')}`);
  }
  const [Credential = '', SignedHeaders = '', Signature = ''] = PARAMETERS.map((name) => found.get(name));
  return { Credential, SignedHeaders, Signature };
}

/** Host, the time and all of `x-amz-*` must be covered: nobody on the way may change what is asked for. */
function coveredHeaders(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  if (names.length > SIGNED_HEADERS_MAX) throw incomplete(`SignedHeaders names over ${SIGNED_HEADERS_MAX} headers.`);
  const needed = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  const left = needed.find((name) => !names.includes(name));
  if (left !== undefined) throw invalid(`'${shown(left)}' must be a 'SignedHeader' in the AWS Authorization.`);
  const covered: [string, string][] = names.map((name) => {
    const value = headers[name];
    if (typeof value !== 'string') throw invalid(`The signed header '${shown(name)}' is not in the request.`);
    return [name, value];
  });
  return Object.fromEntries(covered);
}

function timeOf(header: IncomingHttpHeaders[string], scopeDate: string, nowMs: number): number {
  const match = LONG_DATE.exec(typeof header === 'string' ? header : '');
  if (match === null) throw incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  const [text, year, month, day, hour, minute, second] = match;
  const signedAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedAtMs)) throw incomplete(`X-Amz-Date '${text}' is no time.`);
  if (`${year}${month}${day}` !== scopeDate) {
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${shown(scopeDate)}' != '${text}'.`,
    );
  }
  const skewMs = nowMs - signedAtMs;
  if (skewMs > SKEW_MS) {
    const [now, limit] = [longDate(nowMs), longDate(nowMs - SKEW_MS)];
    throw invalid(`Signature expired: ${text} is now earlier than ${limit} (${now} - 5 min.)`);
  }
  if (-skewMs > SKEW_MS) {
    const [now, limit] = [longDate(nowMs), longDate(nowMs + SKEW_MS)];
    throw invalid(`Signature not yet current: ${text} is still later than ${limit} (${now} + 5 min.)`);
  }
  return signedAtMs;
}

/** @throws SignatureError for the signing of chunks, which Lambda's clients do not use */
function payloadHashOf(header: IncomingHttpHeaders[string]): string | undefined {
  if (header === undefined || header === UNSIGNED) return header;
  if (typeof header === 'string' && /^[0-9a-f]{64}$/.test(header)) return header;
  throw invalid(`The value of 'x-amz-content-sha256' must be ${UNSIGNED} or a valid sha256 value.`);
}

export function isUnsignedPayload({ payloadHash }: Pick<SignedRequest, 'payloadHash'>): boolean {
  return payloadHash === UNSIGNED;
}

function longDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function shown(text: string): string {
  return text.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
}

function incomplete(message: string): SignatureError {
  return new SignatureError('IncompleteSignatureException', message);
}

function invalid(message: string): SignatureError {
  return new SignatureError('InvalidSignatureException', message);
}

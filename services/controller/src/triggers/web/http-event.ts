import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { basicCredentialOf } from '../../auth/credential';

/** What an event of the payload format 2.0 is made of. */
export interface HttpEventParts {
  request: Pick<IncomingMessage, 'method' | 'headers' | 'rawHeaders' | 'httpVersion'>;
  /** Of the client. */
  sourceIp: string;
  accountId: string;
  triggerId: string;
  requestId: string;
  /** Method and pattern that matched, `$default` for everything. */
  routeKey: string;
  /** Behind what names the function; begins with /. */
  rawPath: string;
  /** Without the question mark. */
  rawQueryString: string;
  pathParameters: Record<string, string>;
  body: Buffer;
  nowMs: number;
}

/** Bodies that are passed on as text if they are UTF-8; all others in base64. */
const TEXT = /^(text\/|application\/(json|xml|javascript|x-www-form-urlencoded|graphql|x-ndjson|yaml)\b|[^;]*\+(json|xml)\b)/i;
/** Credentials for the platform, which are none of the function's business. */
const OWN_HEADERS = new Set(['x-easyfaas-key']);

/**
 * A request as AWS Lambda's function URLs give it to a function (payload format 2.0): header names in small letters, several
 * values of one name joined by commas, cookies apart.
 */
export function httpEvent(parts: HttpEventParts): Record<string, unknown> {
  const { request, body, rawQueryString, rawPath, pathParameters, nowMs } = parts;
  const headers = plainHeaders(request);
  const cookies = (headers['cookie'] ?? '').split(/; */).filter((cookie) => cookie !== '');
  delete headers['cookie'];
  const query = queryOf(rawQueryString);
  const isText = body.length === 0 || (TEXT.test(headers['content-type'] ?? '') && !('content-encoding' in headers) && isUtf8(body));
  const method = request.method ?? 'GET';
  return {
    version: '2.0',
    routeKey: parts.routeKey,
    rawPath,
    rawQueryString,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers,
    ...(query === undefined ? {} : { queryStringParameters: query }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: {
      accountId: parts.accountId,
      apiId: parts.triggerId,
      domainName: (headers['host'] ?? '').replace(/:\d+$/, ''),
      http: {
        method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: parts.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: parts.requestId,
      routeKey: parts.routeKey,
      stage: '$default',
      time: new Date(nowMs).toISOString(),
      timeEpoch: nowMs,
    },
    ...(body.length === 0 ? {} : { body: isText ? body.toString() : body.toString('base64') }),
    isBase64Encoded: !isText,
  };
}

/** Headers as functions see them: names in small letters, several values of one name joined, without our key. */
export function plainHeaders(request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): Record<string, string> {
  return headersOf(request.rawHeaders, bearsOurKey(request));
}

function bearsOurKey({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return (
    /^(bearer +|aws4-.*\bcredential=)easyfaas_/i.test(headers.authorization ?? '') ||
    basicCredentialOf({ headers })?.startsWith('easyfaas_') === true
  );
}

function headersOf(rawHeaders: readonly string[], withoutAuthorization: boolean): Record<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    const value = rawHeaders[at + 1] as string;
    if (OWN_HEADERS.has(name) || (withoutAuthorization && name === 'authorization')) continue;
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ','}${value}`);
  }
  return Object.fromEntries(headers);
}

function queryOf(rawQueryString: string): Record<string, string> | undefined {
  if (rawQueryString === '') return undefined;
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(values);
}

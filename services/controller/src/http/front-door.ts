import { ServiceError } from '@easyfaas/service-kit';
import { type ConsoleHosts, isConsoleHost } from './console-hosts';
import { isNamed } from './is-named';

export { configureServer, createFrontServer } from './front-server';
export { sendError } from './send-error';

export interface FrontDoorOptions {
  /** Names that the Host header may have, without port; IPv6 in brackets. */
  allowedHosts: readonly string[];
  /** Origins that may call from a browser, such as `https://ui.example`; none by default. */
  allowedOrigins: readonly string[];
  /** Pages of these hosts may call the host that they come from: the console does. None by default. */
  consoleHosts?: ConsoleHosts;
  /** Makes a UUID for a request that brought no usable id. */
  newRequestId: () => string;
}

export interface Admission {
  requestId: string;
  /** Why the request is refused; undefined lets it in. */
  refusal: ServiceError | undefined;
}

/** Judges a request by its line and headers alone. */
export type FrontDoor = (request: Asked) => Admission;

/** The request line and headers, as sent. */
export interface Asked {
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
}

/** Empty segments, `.` and `..` as whole segments, backslashes. A dot may begin a name, as in `/.well-known`. */
const AMBIGUOUS = /\/\/|\/\.{1,2}(\/|$)|\\|#/;
const MAX_HEADERS = 100;
export const REQUEST_ID = /^[A-Za-z0-9-]{8,64}$/;
/** Host values seen and found good, so that a known client costs one look-up. */
const REMEMBERED_HOSTS = 256;

/**
 * The checks that every request passes before anything else, the hot path included: one walk over the raw headers, no
 * allocation besides the answer. Node's own parser has refused what is not HTTP before.
 */
export function createFrontDoor({ allowedHosts, allowedOrigins, consoleHosts = [], newRequestId }: FrontDoorOptions): FrontDoor {
  const names = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  const goodHosts = new Set<string>();
  const isAllowedOrigin = (origin: string, host: string | undefined): boolean =>
    origins.has(origin.toLowerCase()) || (isOwnOrigin(origin.toLowerCase(), host) && isConsoleHost(consoleHosts, host));

  const isAllowedHost = (host: string): boolean => {
    if (goodHosts.has(host)) return true;
    if (!names.has(host.toLowerCase().replace(/:\d{1,5}$/, ''))) return false;
    if (goodHosts.size < REMEMBERED_HOSTS) goodHosts.add(host);
    return true;
  };

  return (request) => {
    const { rawHeaders } = request;
    let host: string | undefined;
    let hosts = 0;
    let origin: string | undefined;
    let expectation: string | undefined;
    let requestId: string | undefined;
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = rawHeaders[at] as string;
      const value = rawHeaders[at + 1] as string;
      // Lengths first: most headers are none of these, and lower-casing each name costs more than the rest together.
      if (name.length === 4 && isNamed(name, 'host')) {
        host = value;
        hosts += 1;
      } else if (name.length === 6 && isNamed(name, 'origin')) origin = value;
      else if (name.length === 6 && isNamed(name, 'expect')) expectation = value;
      else if (name.length === 21 && isNamed(name, 'x-easyfaas-request-id')) requestId = value;
    }
    const id = requestId !== undefined && REQUEST_ID.test(requestId) ? requestId : newRequestId();
    const refusal =
      headerProblem(rawHeaders.length / 2, hosts) ??
      (host === undefined || isAllowedHost(host) ? undefined : misdirected(host)) ??
      (origin === undefined || hasOwnOriginRules(request.url) || isAllowedOrigin(origin, host) ? undefined : foreignOrigin()) ??
      (expectation === undefined || expectation.toLowerCase() === '100-continue'
        ? undefined
        : new ServiceError('EXPECTATION_FAILED', 'Only `Expect: 100-continue` is understood.')) ??
      targetProblem(request.url ?? '');
    return { requestId: id, refusal };
  };
}

function headerProblem(count: number, hosts: number): ServiceError | undefined {
  if (count > MAX_HEADERS) return new ServiceError('HEADERS_TOO_LARGE', `The request has ${count} headers, the limit is ${MAX_HEADERS}.`);
  if (hosts === 1) return undefined;
  return new ServiceError('BAD_REQUEST', `The request has ${hosts} Host headers, exactly one is needed.`);
}

function misdirected(host: string): ServiceError {
  const shown = host.slice(0, 100).replace(/[^\x21-\x7e]/g, '?');
  return new ServiceError(
    'MISDIRECTED',
    `The Host "${shown}" is not one this server answers to; an operator can add it to EASYFAAS_ALLOWED_HOSTS.`,
  );
}

/** HTTP triggers have cross-origin rules of their own, and none of their callers is known by a cookie. */
function hasOwnOriginRules(target = ''): boolean {
  return target.startsWith('/http/');
}

/** A proxy in front may speak TLS. */
function isOwnOrigin(origin: string, host = ''): boolean {
  const name = host.toLowerCase();
  return origin === `http://${name}` || origin === `https://${name}`;
}

export function foreignOrigin(): ServiceError {
  return new ServiceError('FORBIDDEN', 'Requests from this Origin are not accepted; an operator can add it to EASYFAAS_ALLOWED_ORIGINS.');
}

/**
 * Targets that two readers could understand differently are no routes: nothing is normalised, so no path can come to a
 * route past that route's policy.
 */
export function targetProblem(target: string): ServiceError | undefined {
  if (target.charCodeAt(0) !== 0x2f) {
    return new ServiceError('BAD_REQUEST', 'The request target must be a path that starts with "/", not a whole URL.');
  }
  const queryAt = target.indexOf('?');
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  // Plain searches first: nearly every path has none of it.
  if ((path.includes('/.') || path.includes('//') || path.includes('\\') || path.includes('#')) && AMBIGUOUS.test(path)) return noRoute();
  if (path.includes('%') && /%(2f|5c)/i.test(path)) return encodedSlash(path);
  return undefined;
}

/** An encoded slash in the place of a function's name is a bad name; anywhere else there is no such route. */
function encodedSlash(path: string): ServiceError {
  if (/^\/v1\/functions\/[^/]*%(2f|5c)[^/]*/i.test(path)) {
    return new ServiceError('INVALID_NAME', 'The function name must match ^[A-Za-z0-9_-]{1,64}$; it has an encoded slash.');
  }
  return noRoute();
}

function noRoute(): ServiceError {
  return new ServiceError('ROUTE_NOT_FOUND', 'No route for a path with empty, relative or encoded parts; write it in its plain form.');
}

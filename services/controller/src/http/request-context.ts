import type { IncomingMessage } from 'node:http';
import type { ErrorCode } from '@easyfaas/contracts/wire';
import type { Principal } from '../auth/principal';

export const REQUEST_ID_HEADER = 'X-Easyfaas-Request-Id';

/** What is known about a request before and beside its route. */
export interface RequestContext {
  /** In every answer, log line and record of this request. */
  requestId: string;
  /** Set by authentication; absent on public routes. */
  principal?: Principal;
  /** Whether the key would still be let in, for answers without an end; set with the principal. */
  isKeyValid?: () => boolean | Promise<boolean>;
  /** What a control action acted on, where the path does not say it: such as `key:abcd1234`. */
  actedOn?: string;
  /** Why it was refused or failed. */
  errorCode?: ErrorCode;
}

const CONTEXT = Symbol('easyfaas.request');

type WithContext = IncomingMessage & { [CONTEXT]?: RequestContext };

/** Called once per request, right after the front door let it in. */
export function setRequestContext(request: IncomingMessage, context: RequestContext): void {
  (request as WithContext)[CONTEXT] = context;
}

const BODY = Symbol('easyfaas.body');

type WithBody = IncomingMessage & { [BODY]?: Buffer };

/** For a body that had to be read before its route was reached: whoever reads it then gets it from here. */
export function holdBody(request: IncomingMessage, body: Buffer): void {
  (request as WithBody)[BODY] = body;
}

export function heldBody(request: IncomingMessage): Buffer | undefined {
  return (request as WithBody)[BODY];
}

/** @throws Error when the request did not come through the front door: a bug */
export function requestContext(request: IncomingMessage): RequestContext {
  const context = (request as WithContext)[CONTEXT];
  if (context === undefined) throw new Error('The request has no context.');
  return context;
}

/** @throws Error when the route is public or authentication was skipped: a bug */
export function principalOf(request: IncomingMessage): Principal {
  const { principal } = requestContext(request);
  if (principal === undefined) throw new Error('The request has no principal.');
  return principal;
}

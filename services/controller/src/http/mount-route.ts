import type { Express, Request, RequestHandler, Response } from 'express';
import { ServiceError, type Logger } from '@easyfaas/service-kit';
import { route } from '@easyfaas/service-kit/http';
import { authorize } from '../auth/authorize';
import { basicCredentialOf, credentialOf, sourceOf } from '../auth/credential';
import type { Authenticator, Principal } from '../auth/principal';
import type { SignatureAuthenticator } from '../auth/signature/signature-authenticator';
import { isSigned } from '../auth/signature/signed-request';
import type { PayloadBudget } from '../invoke/payload-budget';
import { auditAction } from './audit-action';
import { authorizeResource, type ResourceOwners } from './authorize-resource';
import { readSignedBody } from './read-signed-body';
import { holdBody, requestContext } from './request-context';
import { ROUTE_POLICIES, policyOf, type Method, type RoutePolicy } from './route-policy';

/** Handles one request; what it throws or rejects with becomes the error answer. */
export type Handler = (request: Request, response: Response) => void | Promise<void>;

/** Who knows callers: by the key that they bring, or by what is signed with one. */
export interface Callers {
  authenticator: Authenticator;
  /** Absent: signatures are not looked at. */
  signatures?: Pick<SignatureAuthenticator, 'authenticate'> | undefined;
}

export type Mount = (path: string, handlers: Partial<Record<Method, Handler>>) => void;

export interface GuardDeps extends Callers {
  owners: ResourceOwners;
  /** Bodies that are read to check a signature count among them. */
  payloads: PayloadBudget;
}

/**
 * Mounting goes through here only: the policy is looked up when the service starts, and audit line, key, scope and limits come
 * before every handler. Methods without a handler are answered 405.
 */
export function createMount(app: Express, deps: GuardDeps & { logger: Logger }): Mount {
  return (path, handlers) => {
    const guarded = Object.entries(handlers).map(([method, handler]): [string, RequestHandler[]] => {
      const policy = policyOf(method as Method, path);
      return [method, [auditAction(policy, deps.logger), guard(policy, deps), handler]];
    });
    route(app, path, Object.fromEntries(guarded));
  };
}

/** Paths of the hot path: express sees only requests with a method that they do not take. */
export function mountHotPaths(app: Express): void {
  for (const { path, method } of ROUTE_POLICIES.filter(({ isHotPath }) => isHotPath === true)) {
    route(app, path, { [method]: [refuseHotPath] });
  }
}

const refuseHotPath: RequestHandler = () => {
  throw new Error('A request of the hot path came to express.');
};

/** For paths that are answered alike whatever the method: any valid key will do. */
export type MountUnsupported = (path: string, handler: Handler, signedBodyBytes?: number) => void;

export function createUnsupportedMount(app: Express, deps: GuardDeps): MountUnsupported {
  return (path, handler, signedBodyBytes) => {
    const signed = signedBodyBytes === undefined ? {} : { signedBodyBytes };
    app.all(path, guard({ action: 'any', ...signed }, deps), handler);
  };
}

type Guarded = Pick<RoutePolicy, 'takesBasic' | 'signedBodyBytes' | 'resource'> & { action: RoutePolicy['action'] | 'any' };

function guard(policy: Guarded, deps: GuardDeps): RequestHandler {
  const { action } = policy;
  if (action === 'public' || action === 'trigger') return (_request, _response, next) => next();
  return async (request, response, next) => {
    const principal = await callerOf(request, response, policy, deps);
    requestContext(request).principal = principal;
    if (action !== 'any') {
      authorize(principal, action);
      await authorizeResource(principal, policy, request, deps.owners);
    }
    next();
  };
}

async function callerOf(
  request: Request,
  response: Response,
  { takesBasic, signedBodyBytes }: Guarded,
  { authenticator, signatures, payloads }: GuardDeps,
): Promise<Principal> {
  if (signatures !== undefined && signedBodyBytes !== undefined && isSigned(request.headers)) {
    const readBody = (): Promise<Buffer> => readSignedBody(request, response, signedBodyBytes, payloads);
    const { principal, body } = await signatures.authenticate(request, sourceOf(request), readBody);
    if (body !== undefined) holdBody(request, body);
    return principal;
  }
  const credential = credentialOf(request) ?? (takesBasic === true ? basicCredentialOf(request) : undefined);
  requestContext(request).isKeyValid = () => authenticator.isValid(credential);
  return authenticator.authenticate(credential, sourceOf(request));
}

/** The path parameter of that name; the router has percent-decoded it. */
export function pathParameter(request: Request, name: string): string {
  const value = request.params[name];
  if (typeof value !== 'string') throw new ServiceError('BAD_REQUEST', `The path has no ${name}.`);
  return value;
}

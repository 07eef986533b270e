import type { Action } from '../auth/authorize';
import { CONSOLE_POLICIES } from './policies/console';
import { EVENT_POLICIES } from './policies/events';
import { FUNCTION_POLICIES } from './policies/functions';
import { KEY_POLICIES } from './policies/keys';
import { LAYER_POLICIES } from './policies/layers';
import { LAMBDA_CALL_POLICIES } from './policies/lambda-calls';
import { LAMBDA_POLICIES, LAMBDA_UNSUPPORTED } from './policies/lambda';
import { LOG_POLICIES } from './policies/logs';
import { OPENFAAS_POLICIES } from './policies/openfaas';
import { POOL_POLICIES } from './policies/pool';
import { POD_POLICIES } from './policies/pods';
import { REGISTRY_POLICIES } from './policies/registry';
import { TRIGGER_POLICIES } from './policies/triggers';
import { PROVISIONED_POLICIES } from './policies/provisioned';

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options';

/**
 * `function`: the path names it as `:id`; `openfaas`: as `:name`, in OpenFaaS's way; `lambda`: in AWS's; `trigger`, `invocation`: the function behind
 * `:triggerId`, `:requestId`; `handler`: the handler looks itself; `none`: there is nothing of an account in it.
 */
export type Resource = 'function' | 'openfaas' | 'lambda' | 'trigger' | 'invocation' | 'handler' | 'none';

export interface RoutePolicy {
  method: Method;
  /** As express writes it. */
  path: string;
  /** What the key must be allowed to do; `public` needs no key, `trigger` leaves it to the trigger that serves the path. */
  action: Action | 'public' | 'trigger';
  /** Whose matter it is, for keys that are limited to some functions; absent: the whole account's, none of theirs. */
  resource?: Resource;
  /** Served by the hot path before express: listed so that the table is whole and other methods get 405. */
  isHotPath?: true;
  /** Also HTTP Basic with a key as the password. */
  takesBasic?: true;
  /** Also AWS Signature Version 4; to check one, so many bytes of the body may have to be read. */
  signedBodyBytes?: number;
  /** Calls functions: told by its records, and no control action. */
  isCall?: true;
}

/**
 * Every route and who may use it. A route that is not here cannot be mounted, and a test compares this table with express's.
 */
export const ROUTE_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/healthz', action: 'public' },
  { method: 'get', path: '/readyz', action: 'public' },
  { method: 'get', path: '/version', action: 'public' },
  { method: 'get', path: '/metrics', action: 'metrics:read' },

  ...CONSOLE_POLICIES,
  ...FUNCTION_POLICIES,
  ...REGISTRY_POLICIES,
  ...LAYER_POLICIES,

  ...LAMBDA_POLICIES,
  ...LAMBDA_CALL_POLICIES,
  ...LOG_POLICIES,
  ...TRIGGER_POLICIES,

  { method: 'get', path: '/v1/openapi.json', action: 'runtime:read', resource: 'none' },
  { method: 'get', path: '/v1/runtimes', action: 'runtime:read', resource: 'none' },
  ...EVENT_POLICIES,

  ...OPENFAAS_POLICIES,
  ...POD_POLICIES,
  ...PROVISIONED_POLICIES,
  ...POOL_POLICIES,
  ...KEY_POLICIES,
];

/** @throws Error when the route has no policy: a bug that must not reach a running service */
export function policyOf(method: Method, path: string): RoutePolicy {
  const policy = ROUTE_POLICIES.find((each) => each.method === method && each.path === path);
  if (policy === undefined) throw new Error(`The route ${method.toUpperCase()} ${path} has no policy in route-policy.ts.`);
  return policy;
}

/** Parts of the documented API that this version does not have; with any valid key they answer 501 in words. */
export const UNSUPPORTED_ROUTES: readonly (Pick<RoutePolicy, 'path' | 'signedBodyBytes'> & { what: string })[] = [
  { path: '/v1/functions/:id/layers{/*rest}', what: 'Layers as a path (name them in the configuration, as Layers)' },
  { path: '/v1/secrets{/*rest}', what: 'Secrets of an account (each function has its own: /v1/functions/{name}/secrets)' },
  { path: '/v1/pool/:containerId/invalidate', what: 'Invalidating containers (use drain or reborn)' },
  ...LAMBDA_UNSUPPORTED,
];

import type { RoutePolicy } from '../route-policy';
import { WEB_METHODS } from './triggers';

/** Below it: what the function is called with besides its name. */
export const OPENFAAS_CALL = '/function/:name{/*path}';
export const OPENFAAS_EVENT = '/async-function/:name{/*path}';

/** OpenFaaS's gateway API; its clients know HTTP Basic only. */
export const OPENFAAS_POLICIES: readonly RoutePolicy[] = (
  [
    ...WEB_METHODS.map((method): RoutePolicy => ({
      method,
      path: OPENFAAS_CALL,
      action: 'function:invoke',
      resource: 'openfaas',
      isCall: true,
    })),
    { method: 'post', path: OPENFAAS_EVENT, action: 'function:invoke', resource: 'openfaas', isCall: true },
    { method: 'get', path: '/system/functions', action: 'function:read', resource: 'handler' },
    { method: 'post', path: '/system/functions', action: 'function:write' },
    { method: 'put', path: '/system/functions', action: 'function:write' },
    { method: 'delete', path: '/system/functions', action: 'function:write', resource: 'handler' },
    { method: 'get', path: '/system/function/:name', action: 'function:read', resource: 'openfaas' },
    { method: 'post', path: '/system/scale-function/:name', action: 'function:write', resource: 'openfaas' },
    { method: 'get', path: '/system/info', action: 'runtime:read', resource: 'none' },
    { method: 'get', path: '/system/namespaces', action: 'runtime:read', resource: 'none' },
    { method: 'get', path: '/system/logs', action: 'record:read', resource: 'handler' },
    { method: 'get', path: '/system/secrets', action: 'function:read' },
    { method: 'post', path: '/system/secrets', action: 'function:write' },
    { method: 'put', path: '/system/secrets', action: 'function:write' },
    { method: 'delete', path: '/system/secrets', action: 'function:write' },
  ] satisfies RoutePolicy[]
).map((policy) => ({ ...policy, takesBasic: true }));

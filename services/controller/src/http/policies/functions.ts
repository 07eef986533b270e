import type { RoutePolicy } from '../route-policy';

/** Of functions, their versions and aliases. */
export const FUNCTION_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/v1/functions', action: 'function:read', resource: 'handler' },
  { method: 'post', path: '/v1/functions/:id', action: 'function:write', resource: 'function' },
  { method: 'get', path: '/v1/functions/:id', action: 'function:read', resource: 'function' },
  { method: 'delete', path: '/v1/functions/:id', action: 'function:write', resource: 'function' },
  { method: 'put', path: '/v1/functions/:id/code', action: 'function:write', resource: 'function' },
  { method: 'get', path: '/v1/functions/:id/configuration', action: 'function:read', resource: 'function' },
  { method: 'put', path: '/v1/functions/:id/configuration', action: 'function:write', resource: 'function' },
  { method: 'get', path: '/v1/functions/:id/concurrency', action: 'function:read', resource: 'function' },
  { method: 'put', path: '/v1/functions/:id/concurrency', action: 'function:write', resource: 'function' },
  { method: 'delete', path: '/v1/functions/:id/concurrency', action: 'function:write', resource: 'function' },
  { method: 'post', path: '/v1/functions/:id/invocations', action: 'function:invoke', resource: 'function', isHotPath: true },

  { method: 'get', path: '/v1/functions/:id/versions', action: 'function:read', resource: 'function' },
  { method: 'post', path: '/v1/functions/:id/versions', action: 'function:write', resource: 'function' },
  { method: 'get', path: '/v1/functions/:id/aliases', action: 'function:read', resource: 'function' },
  { method: 'post', path: '/v1/functions/:id/aliases', action: 'function:write', resource: 'function' },
  { method: 'get', path: '/v1/functions/:id/aliases/:alias', action: 'function:read', resource: 'function' },
  { method: 'put', path: '/v1/functions/:id/aliases/:alias', action: 'function:write', resource: 'function' },
  { method: 'delete', path: '/v1/functions/:id/aliases/:alias', action: 'function:write', resource: 'function' },

  { method: 'get', path: '/v1/functions/:id/tags', action: 'function:read', resource: 'function' },
  { method: 'put', path: '/v1/functions/:id/tags', action: 'function:write', resource: 'function' },
  { method: 'post', path: '/v1/functions/:id/tags', action: 'function:write', resource: 'function' },
  { method: 'delete', path: '/v1/functions/:id/tags', action: 'function:write', resource: 'function' },

  { method: 'get', path: '/v1/functions/:id/secrets', action: 'function:read', resource: 'function' },
  { method: 'get', path: '/v1/functions/:id/secrets/:secret', action: 'function:read', resource: 'function' },
  { method: 'put', path: '/v1/functions/:id/secrets/:secret', action: 'function:write', resource: 'function' },
  { method: 'delete', path: '/v1/functions/:id/secrets/:secret', action: 'function:write', resource: 'function' },
];

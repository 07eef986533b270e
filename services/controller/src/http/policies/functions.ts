import type { RoutePolicy } from '../route-policy';

/** Of functions, their versions and aliases. */
export const FUNCTION_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/v1/functions', action: 'function:read' },
  { method: 'post', path: '/v1/functions/:id', action: 'function:write' },
  { method: 'get', path: '/v1/functions/:id', action: 'function:read' },
  { method: 'delete', path: '/v1/functions/:id', action: 'function:write' },
  { method: 'put', path: '/v1/functions/:id/code', action: 'function:write' },
  { method: 'get', path: '/v1/functions/:id/configuration', action: 'function:read' },
  { method: 'put', path: '/v1/functions/:id/configuration', action: 'function:write' },
  { method: 'get', path: '/v1/functions/:id/concurrency', action: 'function:read' },
  { method: 'put', path: '/v1/functions/:id/concurrency', action: 'function:write' },
  { method: 'delete', path: '/v1/functions/:id/concurrency', action: 'function:write' },
  { method: 'post', path: '/v1/functions/:id/invocations', action: 'function:invoke', isHotPath: true },

  { method: 'get', path: '/v1/functions/:id/versions', action: 'function:read' },
  { method: 'post', path: '/v1/functions/:id/versions', action: 'function:write' },
  { method: 'get', path: '/v1/functions/:id/aliases', action: 'function:read' },
  { method: 'post', path: '/v1/functions/:id/aliases', action: 'function:write' },
  { method: 'get', path: '/v1/functions/:id/aliases/:alias', action: 'function:read' },
  { method: 'put', path: '/v1/functions/:id/aliases/:alias', action: 'function:write' },
  { method: 'delete', path: '/v1/functions/:id/aliases/:alias', action: 'function:write' },

  { method: 'get', path: '/v1/functions/:id/secrets', action: 'function:read' },
  { method: 'get', path: '/v1/functions/:id/secrets/:secret', action: 'function:read' },
  { method: 'put', path: '/v1/functions/:id/secrets/:secret', action: 'function:write' },
  { method: 'delete', path: '/v1/functions/:id/secrets/:secret', action: 'function:write' },
];

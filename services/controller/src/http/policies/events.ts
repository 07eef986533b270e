import type { RoutePolicy } from '../route-policy';

export const EVENT_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/v1/functions/:id/event-invoke-config', action: 'function:read', resource: 'function' },
  { method: 'put', path: '/v1/functions/:id/event-invoke-config', action: 'function:write', resource: 'function' },
  { method: 'delete', path: '/v1/functions/:id/event-invoke-config', action: 'function:write', resource: 'function' },
  { method: 'get', path: '/v1/functions/:id/dead-letters', action: 'record:read', resource: 'function' },
  { method: 'delete', path: '/v1/functions/:id/dead-letters', action: 'function:write', resource: 'function' },
  { method: 'post', path: '/v1/functions/:id/dead-letters/redrive', action: 'function:invoke', resource: 'function' },
  { method: 'get', path: '/v1/functions/:id/dead-letters/:requestId', action: 'record:read', resource: 'function' },
  { method: 'delete', path: '/v1/functions/:id/dead-letters/:requestId', action: 'function:write', resource: 'function' },
  { method: 'post', path: '/v1/functions/:id/dead-letters/:requestId/redrive', action: 'function:invoke', resource: 'function' },
  { method: 'get', path: '/v1/invocations', action: 'record:read', resource: 'handler' },
  { method: 'get', path: '/v1/invocations/:requestId', action: 'record:read', resource: 'invocation' },
  { method: 'delete', path: '/v1/invocations/:requestId', action: 'function:invoke', resource: 'invocation' },
  { method: 'post', path: '/v1/invocations/:requestId/replay', action: 'function:invoke', resource: 'invocation' },
];

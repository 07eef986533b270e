import type { RoutePolicy } from '../route-policy';

export const EVENT_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/v1/functions/:id/event-invoke-config', action: 'function:read' },
  { method: 'put', path: '/v1/functions/:id/event-invoke-config', action: 'function:write' },
  { method: 'delete', path: '/v1/functions/:id/event-invoke-config', action: 'function:write' },
  { method: 'get', path: '/v1/functions/:id/dead-letters', action: 'record:read' },
  { method: 'delete', path: '/v1/functions/:id/dead-letters', action: 'function:write' },
  { method: 'post', path: '/v1/functions/:id/dead-letters/redrive', action: 'function:invoke' },
  { method: 'get', path: '/v1/functions/:id/dead-letters/:requestId', action: 'record:read' },
  { method: 'delete', path: '/v1/functions/:id/dead-letters/:requestId', action: 'function:write' },
  { method: 'post', path: '/v1/functions/:id/dead-letters/:requestId/redrive', action: 'function:invoke' },
  { method: 'get', path: '/v1/invocations', action: 'record:read' },
  { method: 'get', path: '/v1/invocations/:requestId', action: 'record:read' },
  { method: 'delete', path: '/v1/invocations/:requestId', action: 'function:invoke' },
  { method: 'post', path: '/v1/invocations/:requestId/replay', action: 'function:invoke' },
];

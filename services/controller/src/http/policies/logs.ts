import type { RoutePolicy } from '../route-policy';

export const LOG_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/v1/functions/:id/logs', action: 'record:read', resource: 'function' },
];

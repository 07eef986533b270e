import type { RoutePolicy } from '../route-policy';

/** The pool of this pod; for operators. */
export const POOL_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/v1/resource', action: 'pool:read' },
  { method: 'get', path: '/v1/pool', action: 'pool:read' },
  { method: 'get', path: '/v1/pool/:containerId', action: 'pool:read' },
  { method: 'patch', path: '/v1/pool/:containerId', action: 'pool:write' },
  { method: 'post', path: '/v1/pool/:containerId/drain', action: 'pool:write' },
  { method: 'post', path: '/v1/pool/:containerId/reborn', action: 'pool:write' },
];

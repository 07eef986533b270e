import type { RoutePolicy } from '../route-policy';

export const LAYER_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/v1/layers', action: 'function:read' },
  { method: 'get', path: '/v1/layers/:layer/versions', action: 'function:read' },
  { method: 'post', path: '/v1/layers/:layer/versions', action: 'function:write' },
  { method: 'get', path: '/v1/layers/:layer/versions/:version', action: 'function:read' },
  { method: 'delete', path: '/v1/layers/:layer/versions/:version', action: 'function:write' },
];

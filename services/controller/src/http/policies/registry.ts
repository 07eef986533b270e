import type { RoutePolicy } from '../route-policy';

/** Variables in clear, of all accounts. */
export const REGISTRY_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/v1/registry/functions/:id', action: 'key:read' },
  { method: 'get', path: '/v1/registry/functions/:id/code', action: 'key:read' },
  { method: 'get', path: '/v1/registry/runtimes/:runtime/configuration', action: 'key:read' },
];

import type { RoutePolicy } from '../route-policy';

/** Keys of all accounts; for administrators of the default account. */
export const KEY_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/v1/keys', action: 'key:read' },
  { method: 'post', path: '/v1/keys', action: 'key:write' },
  { method: 'get', path: '/v1/keys/:keyId', action: 'key:read' },
  { method: 'delete', path: '/v1/keys/:keyId', action: 'key:write' },
  { method: 'post', path: '/v1/keys/:keyId/rotate', action: 'key:write' },
];

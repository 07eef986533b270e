import type { RoutePolicy } from '../route-policy';

const path = '/v1/functions/:id/provisioned-concurrency';

/** Containers of functions that are kept warm on purpose. */
export const PROVISIONED_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path, action: 'function:read', resource: 'function' },
  { method: 'put', path, action: 'function:write', resource: 'function' },
  { method: 'delete', path, action: 'function:write', resource: 'function' },
];

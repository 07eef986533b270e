import type { RoutePolicy } from '../route-policy';

export const POD_POLICIES: readonly RoutePolicy[] = [{ method: 'get', path: '/v1/pods', action: 'pool:read' }];

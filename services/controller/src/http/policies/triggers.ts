import type { Method, RoutePolicy } from '../route-policy';

/** Methods of paths that functions serve. */
export const WEB_METHODS: readonly Method[] = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];
/** Served by triggers of the kind in the first segment; who may call is the trigger's rule. */
export const WEB_ROUTES: readonly { path: string; methods: readonly Method[] }[] = [
  { path: '/http{/*path}', methods: WEB_METHODS },
  { path: '/webhooks/:accountId/:triggerId', methods: ['post'] },
  { path: '/cloudevents/:accountId/:triggerId', methods: ['post', 'options'] },
];

export const TRIGGER_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: '/v1/triggers', action: 'trigger:read' },
  { method: 'post', path: '/v1/triggers', action: 'trigger:write', resource: 'handler' },
  { method: 'get', path: '/v1/triggers/:triggerId', action: 'trigger:read', resource: 'trigger' },
  { method: 'put', path: '/v1/triggers/:triggerId', action: 'trigger:write', resource: 'trigger' },
  { method: 'delete', path: '/v1/triggers/:triggerId', action: 'trigger:write', resource: 'trigger' },
  { method: 'post', path: '/v1/triggers/:triggerId/pause', action: 'trigger:write', resource: 'trigger' },
  { method: 'post', path: '/v1/triggers/:triggerId/resume', action: 'trigger:write', resource: 'trigger' },
  { method: 'get', path: '/v1/triggers/:triggerId/dead-letters', action: 'trigger:read', resource: 'trigger' },
  { method: 'delete', path: '/v1/triggers/:triggerId/dead-letters', action: 'trigger:write', resource: 'trigger' },
  { method: 'post', path: '/v1/triggers/:triggerId/dead-letters/redrive', action: 'trigger:write', resource: 'trigger' },
  { method: 'get', path: '/v1/functions/:id/triggers', action: 'trigger:read', resource: 'function' },
  ...WEB_ROUTES.flatMap(({ path, methods }) => methods.map((method): RoutePolicy => ({ method, path, action: 'trigger' }))),
];

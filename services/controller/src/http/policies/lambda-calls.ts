import type { RoutePolicy } from '../route-policy';

/** AWS Lambda's paths that call functions. */
export const LAMBDA_CALL_POLICIES: readonly RoutePolicy[] = [
  { method: 'post', path: '/2015-03-31/functions/:name/invocations', action: 'function:invoke', resource: 'handler', isHotPath: true },
];

import type { RoutePolicy } from '../route-policy';

const FUNCTION = '/2015-03-31/functions/:name';

/** As the service model of AWS's SDKs has them; older clients end the path of a collection with a slash. */
export const LAMBDA_PATHS = {
  functions: '/2015-03-31/functions{/}',
  configuration: `${FUNCTION}/configuration`,
} as const;

/** Of requests that have no package and no payload. */
const BODY = 1024 * 1024;

type Row = readonly [RoutePolicy['method'], keyof typeof LAMBDA_PATHS, RoutePolicy['action'], number?];

const ROWS: readonly Row[] = [
  ['get', 'functions', 'function:read'],
  ['get', 'configuration', 'function:read'],
];

/** AWS Lambda's control plane; its clients sign their requests. */
export const LAMBDA_POLICIES: readonly RoutePolicy[] = ROWS.map(([method, path, action, signedBodyBytes = BODY]) => ({
  method,
  path: LAMBDA_PATHS[path],
  action,
  signedBodyBytes,
}));

/** Operations that AWS has and this version does not. */
export const LAMBDA_UNSUPPORTED: readonly { path: string; what: string; signedBodyBytes: number }[] = [];

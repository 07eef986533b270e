import type { RoutePolicy } from '../route-policy';

const FUNCTION = '/2015-03-31/functions/:name';
const LAYER = '/2018-10-31/layers/:layer/versions';

/** As the service model of AWS's SDKs has them; older clients end the path of a collection with a slash. */
export const LAMBDA_PATHS = {
  functions: '/2015-03-31/functions{/}',
  function: FUNCTION,
  code: `${FUNCTION}/code`,
  configuration: `${FUNCTION}/configuration`,
  versions: `${FUNCTION}/versions`,
  aliases: `${FUNCTION}/aliases`,
  alias: `${FUNCTION}/aliases/:alias`,
  setConcurrency: '/2017-10-31/functions/:name/concurrency',
  getConcurrency: '/2019-09-30/functions/:name/concurrency',
  provisioned: '/2019-09-30/functions/:name/provisioned-concurrency',
  codeSigning: '/2020-06-30/functions/:name/code-signing-config',
  recursion: '/2024-08-31/functions/:name/recursion-config',
  policy: `${FUNCTION}/policy`,
  statement: `${FUNCTION}/policy/:statement`,
  layers: '/2018-10-31/layers',
  layerVersions: LAYER,
  layerVersion: `${LAYER}/:version`,
  tags: '/2017-03-31/tags/:resource',
  account: '/2016-08-19/account-settings{/}',
} as const;

/** Of requests that have no package and no payload. */
const BODY_BYTES = 1024 * 1024;
/** As on AWS, whose answer names it: a package of 50 MB in base64 and the configuration. */
export const PACKAGE_BODY_BYTES = 70_167_211;

type Row = readonly [RoutePolicy['method'], keyof typeof LAMBDA_PATHS, 'function:read' | 'function:write', number?];

const ROWS: readonly Row[] = [
  ['get', 'functions', 'function:read'],
  ['post', 'functions', 'function:write', PACKAGE_BODY_BYTES],
  ['get', 'function', 'function:read'],
  ['delete', 'function', 'function:write'],
  ['put', 'code', 'function:write', PACKAGE_BODY_BYTES],
  ['get', 'configuration', 'function:read'],
  ['put', 'configuration', 'function:write'],
  ['get', 'versions', 'function:read'],
  ['post', 'versions', 'function:write'],
  ['get', 'aliases', 'function:read'],
  ['post', 'aliases', 'function:write'],
  ['get', 'alias', 'function:read'],
  ['put', 'alias', 'function:write'],
  ['delete', 'alias', 'function:write'],
  ['put', 'setConcurrency', 'function:write'],
  ['delete', 'setConcurrency', 'function:write'],
  ['get', 'getConcurrency', 'function:read'],
  ['get', 'provisioned', 'function:read'],
  ['put', 'provisioned', 'function:write'],
  ['delete', 'provisioned', 'function:write'],
  ['get', 'codeSigning', 'function:read'],
  ['get', 'recursion', 'function:read'],
  ['put', 'recursion', 'function:write'],
  ['get', 'policy', 'function:read'],
  ['post', 'policy', 'function:write'],
  ['delete', 'statement', 'function:write'],
  ['get', 'layers', 'function:read'],
  ['get', 'layerVersions', 'function:read'],
  ['post', 'layerVersions', 'function:write', PACKAGE_BODY_BYTES],
  ['get', 'layerVersion', 'function:read'],
  ['delete', 'layerVersion', 'function:write'],
  ['get', 'tags', 'function:read'],
  ['post', 'tags', 'function:write'],
  ['delete', 'tags', 'function:write'],
  ['get', 'account', 'function:read'],
];

/** AWS Lambda's control plane; its clients sign their requests. */
export const LAMBDA_POLICIES: readonly RoutePolicy[] = ROWS.map(([method, name, action, signedBodyBytes = BODY_BYTES]) => {
  const path = LAMBDA_PATHS[name];
  return { method, path, action, signedBodyBytes, ...resourceOf(path) };
});

/** Whose the rest is cannot be told from the path; what is nobody's is the account's. */
function resourceOf(path: string): Pick<RoutePolicy, 'resource'> {
  if (path.includes('/:name')) return { resource: 'lambda' };
  return path === LAMBDA_PATHS.functions || path === LAMBDA_PATHS.tags ? { resource: 'handler' } : {};
}

/** Operations that AWS has and this version does not. */
export const LAMBDA_UNSUPPORTED: readonly { path: string; what: string; signedBodyBytes: number }[] = [
  { path: '/2020-04-22/code-signing-configs{/*rest}', what: 'Code signing' },
  { path: '/2021-07-20/functions/:name/runtime-management-config', what: 'Runtime management (the runtimes are those of this machine)' },
  { path: `${LAYER}/:version/policy{/*rest}`, what: 'Layers of other accounts' },
].map((each) => ({ ...each, signedBodyBytes: BODY_BYTES }));

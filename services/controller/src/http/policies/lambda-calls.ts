import type { RoutePolicy } from '../route-policy';

/** Paths of AWS Lambda that are about calls: what makes them and what becomes of them. */
export const LAMBDA_CALL_PATHS = {
  invocations: '/2015-03-31/functions/:name/invocations',
  streamedInvocations: '/2021-11-15/functions/:name/response-streaming-invocations',
  url: '/2021-10-31/functions/:name/url',
  urls: '/2021-10-31/functions/:name/urls',
  eventConfig: '/2019-09-25/functions/:name/event-invoke-config',
  eventConfigs: '/2019-09-25/functions/:name/event-invoke-config/list',
  eventSources: '/2015-03-31/event-source-mappings{/}',
  eventSource: '/2015-03-31/event-source-mappings/:uuid',
} as const;

const BODY_BYTES = 1024 * 1024;

type Row = readonly [RoutePolicy['method'], keyof typeof LAMBDA_CALL_PATHS, RoutePolicy['action']];

const ROWS: readonly Row[] = [
  ['post', 'url', 'trigger:write'],
  ['get', 'url', 'trigger:read'],
  ['put', 'url', 'trigger:write'],
  ['delete', 'url', 'trigger:write'],
  ['get', 'urls', 'trigger:read'],
  ['put', 'eventConfig', 'function:write'],
  ['post', 'eventConfig', 'function:write'],
  ['get', 'eventConfig', 'function:read'],
  ['delete', 'eventConfig', 'function:write'],
  ['get', 'eventConfigs', 'function:read'],
  ['get', 'eventSources', 'trigger:read'],
  ['post', 'eventSources', 'trigger:write'],
  ['get', 'eventSource', 'trigger:read'],
  ['put', 'eventSource', 'trigger:write'],
  ['delete', 'eventSource', 'trigger:write'],
];

export const LAMBDA_CALL_POLICIES: readonly RoutePolicy[] = [
  ...[LAMBDA_CALL_PATHS.invocations, LAMBDA_CALL_PATHS.streamedInvocations].map((path): RoutePolicy => ({
    method: 'post',
    path,
    action: 'function:invoke',
    resource: 'handler',
    isHotPath: true,
  })),
  ...ROWS.map(([method, path, action]): RoutePolicy => ({
    method,
    path: LAMBDA_CALL_PATHS[path],
    action,
    resource: 'handler',
    signedBodyBytes: BODY_BYTES,
  })),
];

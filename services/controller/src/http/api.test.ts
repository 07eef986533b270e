import type { Express } from 'express';
import { silentLogger } from '@easyfaas/service-kit';
import { createApi, type ApiDeps } from './api';
import { ROUTE_POLICIES, UNSUPPORTED_ROUTES, policyOf } from './route-policy';

/** The routes that express has, as it tells them itself. */
function routesOf(app: Express): { method: string; path: string }[] {
  const stack = (app as unknown as { router: { stack: { route?: { path: string; stack: { method?: string }[] } }[] } }).router.stack;
  return stack.flatMap(({ route }) => {
    if (route === undefined) return [];
    const methods = new Set(route.stack.map(({ method }) => method).filter((method) => method !== undefined));
    return [...methods].map((method) => ({ method, path: route.path }));
  });
}

const refusing = (): never => {
  throw new Error('not planned');
};

const unplanned = new Proxy({}, { get: refusing });

const DEPS = {
  logger: silentLogger(),
  version: '1',
  webConsole: { consoleHosts: 'all', consoleDir: '/nowhere' },
  authenticator: unplanned,
  keys: unplanned,
  functions: unplanned,
  records: unplanned,
  events: { invocations: unplanned, deadLetters: unplanned, configs: unplanned },
  pool: unplanned,
  pods: unplanned,
  triggers: { service: unplanned, web: { http: refusing, webhooks: refusing, cloudevents: refusing } },
  runtimes: new Map(),
  typescript: unplanned,
  readiness: [],
  metrics: { contentType: 'text/plain', metrics: refusing },
} as unknown as ApiDeps;

describe('the route table', () => {
  const routes = routesOf(createApi(DEPS) as unknown as Express);

  it('is exactly the policy table: no route without a policy, no policy without a route', () => {
    const key = ({ method, path }: { method: string; path: string }): string => `${method} ${path}`;
    expect(
      routes
        .filter(({ path }) => !UNSUPPORTED_ROUTES.some((each) => each.path === path))
        .map(key)
        .sort(),
    ).toEqual(ROUTE_POLICIES.map(key).sort());
  });

  it('has every unsupported path, for all methods', () => {
    for (const { path } of UNSUPPORTED_ROUTES) {
      const methods = routes.filter((each) => each.path === path).map(({ method }) => method);
      expect(methods).toEqual(expect.arrayContaining(['get', 'post', 'put', 'delete', 'patch']));
    }
  });

  it('names each route once', () => {
    const keys = ROUTE_POLICIES.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is public only where that is meant', () => {
    const open = ROUTE_POLICIES.filter(({ action }) => action === 'public').map(({ path }) => path);
    expect(open).toEqual(['/healthz', '/readyz', '/version', '/console{/}', '/console/:file']);
  });

  it('cannot be extended by a route without a policy', () => {
    expect(() => policyOf('get', '/v1/new')).toThrow('GET /v1/new has no policy');
  });
});

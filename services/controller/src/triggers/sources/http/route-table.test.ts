import type { HttpConfiguration, StoredTrigger } from '@easyfaas/contracts/wire';
import { compileRoute } from './route-pattern';
import { RouteTable } from './route-table';

const trigger = (
  triggerId: string,
  configuration: HttpConfiguration,
  functionName = 'fn',
): { trigger: StoredTrigger; secrets: object } => ({
  trigger: {
    triggerId,
    accountId: 'default',
    name: '',
    source: 'http',
    functionName,
    qualifier: '$LATEST',
    configuration: { ...configuration },
    secrets: {},
    errorPolicy: {},
    isEnabled: true,
    revisionId: 'r',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  },
  secrets: {},
});

const found = (table: RouteTable, method: string, target: string): unknown => {
  const result = table.find(method, target);
  return 'route' in result ? [result.route.trigger.triggerId, result.rawPath, result.pathParameters] : result;
};

describe('the table of routes', () => {
  const table = new RouteTable(
    [
      trigger('rest', { Path: '/files/*path' }),
      trigger('one', { Path: '/orders/:id', Methods: ['GET'] }),
      trigger('new', { Path: '/orders/new', Methods: ['GET'] }),
      trigger('post', { Path: '/orders/:id', Methods: ['POST'] }),
      trigger('any', {}, 'other'),
      trigger('shop', { Path: '/shop/{item}/{rest+}', Base: 'account' }),
    ].map((each) => ({ ...each, secrets: {} })),
  );

  it.each([
    ['GET', '/fn/orders/5', ['one', '/orders/5', { id: '5' }]],
    ['HEAD', '/fn/orders/5', ['one', '/orders/5', { id: '5' }]],
    ['GET', '/fn/orders/new', ['new', '/orders/new', {}]],
    ['POST', '/fn/orders/new', ['post', '/orders/new', { id: 'new' }]],
    ['GET', '/fn/orders/a%20b', ['one', '/orders/a%20b', { id: 'a b' }]],
    ['PUT', '/fn/files/a/b.txt', ['rest', '/files/a/b.txt', { path: 'a/b.txt' }]],
    ['PUT', '/other', ['any', '/', {}]],
    ['PUT', '/other/', ['any', '/', {}]],
    ['PUT', '/other/a/b', ['any', '/a/b', {}]],
    ['GET', '/shop/7/x/y', ['shop', '/shop/7/x/y', { item: '7', rest: 'x/y' }]],
    ['DELETE', '/fn/orders/5', { kind: 'method', allow: ['GET', 'POST'] }],
    ['GET', '/fn/nothing', { kind: 'none', hasRoutes: true }],
    ['GET', '/unknown', { kind: 'none', hasRoutes: false }],
    ['GET', '', { kind: 'none', hasRoutes: false }],
  ])('%s %s', (method, target, expected) => {
    expect(found(table, method, target)).toEqual(expected);
  });

  it.each(['orders', '/a//b', '/*a/b', '/:a-:b', '/{a}b', '/(.*)', '/a{/b}', `/${'a/'.repeat(20)}a`])('refuses the pattern %s', (path) => {
    expect(() => compileRoute(path)).toThrow('is no pattern');
  });

  it('is not made slow by a long path', () => {
    const { match } = compileRoute('/:a/:b/:c/:d/:e/:f/*rest');
    const startedAtMs = performance.now();
    expect(match(`${'/a'.repeat(5)}${'-'.repeat(100_000)}`)).toBeUndefined();
    expect(match(`/${'a/'.repeat(50_000)}`)).toBeDefined();
    // Backtracking would take minutes.
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
  });
});

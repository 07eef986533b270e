import { linkTo, parseRoute } from './route';

describe('the place in the console', () => {
  it.each([
    ['', { page: 'functions', query: {} }],
    ['#/', { page: 'functions', query: {} }],
    ['#/pool', { page: 'pool', query: {} }],
    ['#/functions/hello/logs', { page: 'functions', id: 'hello', part: 'logs', query: {} }],
    ['#/invocations?function=a&status=failed', { page: 'invocations', query: { function: 'a', status: 'failed' } }],
    ['#/functions/%E0%A4%A', { page: 'functions', query: {} }],
  ])('%j is read', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });

  it('comes back from a link, whatever the name is', () => {
    const name = '<a/b?c=d&"#%>';
    expect(parseRoute(linkTo('functions', name, 'logs', { x: name, empty: '' }))).toEqual({
      page: 'functions',
      id: name,
      part: 'logs',
      query: { x: name },
    });
  });
});

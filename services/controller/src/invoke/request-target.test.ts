import { parseInvokeTarget } from './request-target';

it.each([
  ['/v1/functions/hello/invocations', 'hello', ''],
  ['/v1/functions/hello/invocations?Qualifier=$LATEST', 'hello', '$LATEST'],
  ['/v1/functions/hello/invocations?x=1&Qualifier=a%20b', 'hello', 'a b'],
  ['/v1/functions/brn%3Acloud%3Afaas%3Alocal%3Aa%3Afunction%3Ah/invocations', 'brn%3Acloud%3Afaas%3Alocal%3Aa%3Afunction%3Ah', ''],
])('%s is an invocation', (url, functionId, qualifier) => {
  expect(parseInvokeTarget(url)).toEqual({ functionId, qualifier });
});

it.each([
  '/v1/functions/hello',
  '/v1/functions//invocations',
  '/v1/functions/a/b/invocations',
  '/v1/functions/hello/invocations/',
  '/v1/functions/invocations',
  '/v2/functions/hello/invocations',
  '/v1/invocations',
  '/',
])('%s is none', (url) => {
  expect(parseInvokeTarget(url)).toBeUndefined();
});

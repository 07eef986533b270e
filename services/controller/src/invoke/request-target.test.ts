import { parseInvokeTarget } from './request-target';

it.each([
  ['/v1/functions/hello/invocations', 'hello', ''],
  ['/v1/functions/hello/invocations?Qualifier=$LATEST', 'hello', '$LATEST'],
  ['/v1/functions/hello/invocations?x=1&Qualifier=a%20b', 'hello', 'a b'],
  ['/v1/functions/brn%3Acloud%3Afaas%3Alocal%3Aa%3Afunction%3Ah/invocations', 'brn%3Acloud%3Afaas%3Alocal%3Aa%3Afunction%3Ah', ''],
])('%s is an invocation', (url, functionId, qualifier) => {
  expect(parseInvokeTarget(url)).toEqual({ dialect: 'native', functionId, qualifier });
});

it.each([
  ['/2015-03-31/functions/hello/invocations', 'hello', ''],
  [
    '/2015-03-31/functions/arn%3Aaws%3Alambda%3Alocal%3Aa%3Afunction%3Ah/invocations?Qualifier=1',
    'arn%3Aaws%3Alambda%3Alocal%3Aa%3Afunction%3Ah',
    '1',
  ],
])("%s is one in AWS Lambda's dialect", (url, functionId, qualifier) => {
  expect(parseInvokeTarget(url)).toEqual({ dialect: 'lambda', functionId, qualifier });
});

it("of AWS Lambda's dialect may ask for an answer in pieces", () => {
  const url = '/2021-11-15/functions/hello/response-streaming-invocations?Qualifier=1';
  expect(parseInvokeTarget(url)).toEqual({ dialect: 'lambda-stream', functionId: 'hello', qualifier: '1' });
});

it.each([
  '/2021-11-15/functions/hello/invocations',
  '/2015-03-31/functions/hello/response-streaming-invocations',
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

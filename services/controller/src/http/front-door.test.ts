import { createFrontDoor, type Admission } from './front-door';

const enter = createFrontDoor({
  allowedHosts: ['localhost', '127.0.0.1', '[::1]'],
  allowedOrigins: ['https://console.example'],
  newRequestId: () => 'made-here',
});

function request(headers: [string, string][], url = '/v1/functions'): Admission {
  return enter({ rawHeaders: headers.flat(), url });
}

const codeOf = ({ refusal }: Admission): string | undefined => refusal?.code;
const HOST: [string, string] = ['Host', 'localhost:8080'];

describe('the front door', () => {
  it.each(['localhost', 'LOCALHOST', 'localhost:8080', '127.0.0.1:1', '[::1]', '[::1]:8080'])('lets the Host %s in', (host) => {
    expect(codeOf(request([['hOsT', host]]))).toBeUndefined();
    expect(codeOf(request([['hOsT', host]]))).toBeUndefined();
  });

  it.each(['evil.test', 'localhost.evil.test', 'localhost.', '127.0.0.2', '::1', 'localhost:', 'localhost:80:80', '', 'user@localhost'])(
    'refuses the Host %j',
    (host) => {
      expect(codeOf(request([['Host', host]]))).toBe('MISDIRECTED');
    },
  );

  it('wants exactly one Host', () => {
    expect(codeOf(request([]))).toBe('BAD_REQUEST');
    expect(codeOf(request([HOST, HOST]))).toBe('BAD_REQUEST');
  });

  it('takes 100 headers and not 101', () => {
    const more = (count: number): [string, string][] => [HOST, ...Array.from({ length: count - 1 }, (): [string, string] => ['X-A', '1'])];
    expect(codeOf(request(more(100)))).toBeUndefined();
    expect(codeOf(request(more(101)))).toBe('HEADERS_TOO_LARGE');
  });

  it('lets only listed origins in', () => {
    expect(codeOf(request([HOST, ['Origin', 'https://console.example']]))).toBeUndefined();
    expect(codeOf(request([HOST, ['Origin', 'https://CONSOLE.example']]))).toBeUndefined();
    for (const origin of ['null', 'http://localhost:8080', 'https://console.example.evil.test']) {
      expect(codeOf(request([HOST, ['Origin', origin]]))).toBe('FORBIDDEN');
    }
  });

  it('lets pages of its own host in where the console is served, and no other page', () => {
    const open = createFrontDoor({
      allowedHosts: ['localhost', 'faas.example'],
      allowedOrigins: [],
      consoleHosts: 'all',
      newRequestId: () => '',
    });
    const from = (host: string, origin: string, door = open): string | undefined =>
      codeOf(door({ rawHeaders: ['Host', host, 'Origin', origin], url: '/v1/functions' }));
    expect(from('localhost:8080', 'http://localhost:8080')).toBeUndefined();
    expect(from('faas.example', 'https://FAAS.example')).toBeUndefined();
    for (const origin of ['http://localhost:8081', 'http://localhost', 'http://faas.example', 'null', 'http://localhost:8080.evil.test']) {
      expect(from('localhost:8080', origin)).toBe('FORBIDDEN');
    }
    const apart = createFrontDoor({
      allowedHosts: ['localhost', 'console.example'],
      allowedOrigins: [],
      consoleHosts: ['console.example'],
      newRequestId: () => '',
    });
    expect(from('console.example', 'https://console.example', apart)).toBeUndefined();
    expect(from('localhost:8080', 'http://localhost:8080', apart)).toBe('FORBIDDEN');
  });

  it('knows one expectation', () => {
    expect(codeOf(request([HOST, ['Expect', '100-Continue']]))).toBeUndefined();
    expect(codeOf(request([HOST, ['Expect', '200-maybe']]))).toBe('EXPECTATION_FAILED');
  });

  it.each([
    ['/', undefined],
    ['/v1/functions?x=//&y=%2f', undefined],
    ['/.well-known/x', undefined],
    ['/v1/..functions', undefined],
    ['http://169.254.169.254/', 'BAD_REQUEST'],
    ['*', 'BAD_REQUEST'],
    ['', 'BAD_REQUEST'],
    ['//v1', 'ROUTE_NOT_FOUND'],
    ['/v1//x', 'ROUTE_NOT_FOUND'],
    ['/./v1', 'ROUTE_NOT_FOUND'],
    ['/v1/.', 'ROUTE_NOT_FOUND'],
    ['/v1/..', 'ROUTE_NOT_FOUND'],
    ['/v1/../v1', 'ROUTE_NOT_FOUND'],
    ['/v1\\functions', 'ROUTE_NOT_FOUND'],
    ['/v1%2Ffunctions', 'ROUTE_NOT_FOUND'],
    ['/v1%5cfunctions', 'ROUTE_NOT_FOUND'],
    ['/v1/functions/a%2fb', 'INVALID_NAME'],
    ['/v1/functions/..%2Fetc/code', 'INVALID_NAME'],
  ])('judges the target %s as %s', (url, code) => {
    expect(codeOf(request([HOST], url))).toBe(code);
  });

  it('takes a good request id of the caller and makes one otherwise', () => {
    expect(request([HOST, ['x-easyfaas-request-id', 'abc-12345']]).requestId).toBe('abc-12345');
    for (const id of ['short', 'a b c d e', 'x'.repeat(65), 'abc_12345', 'äöüäöüäöü']) {
      expect(request([HOST, ['X-Easyfaas-Request-Id', id]]).requestId).toBe('made-here');
    }
  });
});

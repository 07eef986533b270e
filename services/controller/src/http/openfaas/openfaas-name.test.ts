import { parseCallPath, resolveOpenfaasName } from './openfaas-name';

const OWNER = { accountId: 'default', region: 'local' };

describe("a function's name in OpenFaaS's words", () => {
  it.each([
    ['hello', 'hello', '$LATEST'],
    ['hello.openfaas-fn', 'hello', '$LATEST'],
    ['hello:live.openfaas-fn', 'hello', 'live'],
  ])('%s is %s:%s', (text, functionName, qualifier) => {
    expect(resolveOpenfaasName(text, OWNER)).toEqual({ functionName, qualifier });
  });

  it.each(['hello.other', 'hello.openfaas-fn.x', 'hello.', '.openfaas-fn', '', 'a b', 'acme:function:hello'])('%j is nothing', (text) => {
    expect(() => resolveOpenfaasName(text, OWNER)).toThrow();
  });

  it('is not in another namespace', () => {
    expect(resolveOpenfaasName('hello', OWNER, 'openfaas-fn').functionName).toBe('hello');
    expect(() => resolveOpenfaasName('hello', OWNER, 'other')).toThrow('No function "hello"');
  });
});

describe('a path that calls', () => {
  it('is split and left as it came behind the name', () => {
    expect(parseCallPath('/function/a%2Db')).toEqual({ name: 'a-b', path: '/', query: '' });
    expect(parseCallPath('/async-function/a/b%20c/?x=?&y')).toEqual({ name: 'a', path: '/b%20c/', query: 'x=?&y' });
    expect(parseCallPath('/function/a?/b')).toEqual({ name: 'a', path: '/', query: '/b' });
  });

  it('needs a name that can be decoded', () => {
    expect(() => parseCallPath('/function/')).toThrow('names no function');
    expect(() => parseCallPath('/function/%ff')).toThrow('percent-encoding');
  });
});

import { parseFunctionReference, resolveFunction, resolveReference } from './function-name';

const OWNER = { accountId: 'default', region: 'local' };

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'taken';
}

describe('a function reference', () => {
  it.each<[string, object]>([
    ['hello', { functionName: 'hello' }],
    ['__proto__', { functionName: '__proto__' }],
    ['x'.repeat(64), { functionName: 'x'.repeat(64) }],
    ['hello:$LATEST', { functionName: 'hello', qualifier: '$LATEST' }],
    ['hello:live', { functionName: 'hello', qualifier: 'live' }],
    ['hello:7', { functionName: 'hello', qualifier: '7' }],
    ['tenant:hello', { accountId: 'tenant', functionName: 'hello' }],
    ['tenant:hello:live', { accountId: 'tenant', functionName: 'hello', qualifier: 'live' }],
    ['tenant:function:hello', { accountId: 'tenant', functionName: 'hello' }],
    ['tenant:function:hello:7', { accountId: 'tenant', functionName: 'hello', qualifier: '7' }],
    ['brn:cloud:faas:bj:tenant:function:hello', { region: 'bj', accountId: 'tenant', functionName: 'hello' }],
    ['brn:cloud:faas:bj:tenant:function:hello:$LATEST', { region: 'bj', accountId: 'tenant', functionName: 'hello', qualifier: '$LATEST' }],
  ])('%s is understood', (text, expected) => {
    expect(parseFunctionReference(text, 'tenant')).toEqual(expected);
  });

  it.each([
    '',
    '..',
    '../etc',
    'a b',
    'a\n',
    'a\0b',
    'a.b',
    'a/b',
    '$LATEST',
    'x'.repeat(65),
    '😀',
    ':',
    'a:',
    ':a',
    'A:b:c',
    'a:b c',
    'a:b:c:d:e',
    'brn:cloud:vm:bj:tenant:function:hello',
    'brn:cloud:faas:bj:tenant:layer:hello',
    'brn:cloud:faas:bj:tenant:function:hello:1:2',
    'brn:cloud:faas::tenant:function:hello',
    'arn:aws:lambda:us-east-1:123456789012:function:hello',
  ])('%j is refused', (text) => {
    expect(codeOf(() => parseFunctionReference(text, 'tenant'))).toBe('INVALID_NAME');
  });
});

describe('the function that a path means', () => {
  it('is decoded exactly once', () => {
    expect(resolveFunction('h%65llo', OWNER)).toEqual({ functionName: 'hello', qualifier: '$LATEST' });
    expect(codeOf(() => resolveFunction('h%2565llo', OWNER))).toBe('INVALID_NAME');
    expect(codeOf(() => resolveReference('h%65llo', OWNER))).toBe('INVALID_NAME');
    expect(codeOf(() => resolveFunction('%', OWNER))).toBe('BAD_REQUEST');
  });

  it('is the same in the long form', () => {
    expect(resolveFunction(encodeURIComponent('brn:cloud:faas:local:default:function:hello'), OWNER)).toEqual({
      functionName: 'hello',
      qualifier: '$LATEST',
    });
  });

  it('of another account or region does not exist', () => {
    expect(codeOf(() => resolveFunction('tenant:function:hello', OWNER))).toBe('FUNCTION_NOT_FOUND');
    expect(codeOf(() => resolveFunction('tenant:hello:live', OWNER))).toBe('FUNCTION_NOT_FOUND');
    expect(codeOf(() => resolveFunction('brn:cloud:faas:mars:default:function:hello', OWNER))).toBe('FUNCTION_NOT_FOUND');
  });

  it('takes the qualifier from the name or from the query', () => {
    expect(resolveFunction('hello', OWNER, '7').qualifier).toBe('7');
    expect(resolveFunction('hello', OWNER, '').qualifier).toBe('$LATEST');
    expect(resolveFunction('hello:live', OWNER).qualifier).toBe('live');
    expect(resolveFunction('default:hello:live', OWNER).qualifier).toBe('live');
    expect(resolveFunction('default:hello:live', OWNER, 'live').qualifier).toBe('live');
    expect(codeOf(() => resolveFunction('default:hello:live', OWNER, '7'))).toBe('VALIDATION_FAILED');
    for (const wrong of ['../x', '\0', 'x'.repeat(200), '$latest']) {
      expect(codeOf(() => resolveFunction('hello', OWNER, wrong))).toBe('VALIDATION_FAILED');
    }
  });
});

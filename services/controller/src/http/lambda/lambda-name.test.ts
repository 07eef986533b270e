import { accountNumber, lambdaFunctionArn, readLambdaName, readNewLambdaName } from './lambda-name';

const OWNER = { accountId: 'default', region: 'local' };
const ARN = 'arn:aws:lambda:local:000000000000:function:';

const refusalOf = (text: string): unknown => {
  try {
    return readLambdaName(text, OWNER);
  } catch (error) {
    return error;
  }
};

describe('names of functions in the way of AWS', () => {
  it.each([
    ['fn', { functionName: 'fn' }],
    ['fn:live', { functionName: 'fn', qualifier: 'live' }],
    ['fn:$LATEST', { functionName: 'fn', qualifier: '$LATEST' }],
    ['function:fn:2', { functionName: 'fn', qualifier: '2' }],
    ['000000000000:function:fn', { functionName: 'fn' }],
    [`${ARN}fn`, { functionName: 'fn' }],
    [`${ARN}fn:live`, { functionName: 'fn', qualifier: 'live' }],
  ])('%s is understood', (text, expected) => {
    expect(readLambdaName(text, OWNER)).toEqual(expected);
  });

  it('take the qualifier of the query, once or twice the same', () => {
    expect(readLambdaName('fn', OWNER, '1')).toEqual({ functionName: 'fn', qualifier: '1' });
    expect(readLambdaName('fn:1', OWNER, '1')).toEqual({ functionName: 'fn', qualifier: '1' });
    expect(() => readLambdaName('fn:1', OWNER, '2')).toThrow('The derived qualifier from the function name does not match');
  });

  it.each([
    ['arn:aws:lambda:us-east-1:000000000000:function:fn', 'ResourceNotFoundException', "Functions from 'us-east-1' are not reachable"],
    ['arn:aws:lambda:local:123456789012:function:fn', 'AccessDeniedException', '123456789012'],
    ['arn:aws:lambda:local::function:fn', 'ValidationException', "at 'functionName' failed to satisfy constraint"],
    ['arn:aws:lambda:local:eu-west-1:000000000000:function:fn', 'ValidationException', "at 'functionName'"],
    ['arn:aws:s3:::bucket', 'ValidationException', "at 'functionName'"],
    ['fn!', 'ValidationException', "Value 'fn!' at 'functionName'"],
    ['', 'ValidationException', "at 'functionName'"],
  ])('%j is refused as %s', (text, awsName, words) => {
    expect(refusalOf(text)).toMatchObject({ awsName, message: expect.stringContaining(words) as unknown });
  });

  it('tell all that is wrong, the qualifier first', () => {
    const long = 'q'.repeat(129);
    expect(() => readLambdaName('a b', OWNER, long)).toThrow(
      /^2 validation errors detected: Value 'q+' at 'qualifier' .* 128; Value 'a b' at 'functionName'/,
    );
    expect(() => readLambdaName('fn', OWNER, 'a b')).toThrow(/^1 validation error detected: Value 'a b' at 'qualifier'/);
  });

  it('of new functions have at most 64 characters, none of them a dot', () => {
    expect(readNewLambdaName(`${ARN}fn`, OWNER)).toBe('fn');
    for (const text of ['a.b', '', 'a b', 'x'.repeat(65), `${ARN}${'x'.repeat(100)}`])
      expect(() => readNewLambdaName(text, OWNER)).toThrow();
  });

  it('have an account of twelve digits, the same one everywhere', () => {
    expect([accountNumber('default'), accountNumber('123456789012')]).toEqual(['000000000000', '123456789012']);
    expect(accountNumber('team-a')).toMatch(/^\d{12}$/);
    expect(accountNumber('team-a')).toBe(accountNumber('team-a'));
    expect(accountNumber('team-a')).not.toBe(accountNumber('team-b'));
    expect(lambdaFunctionArn(OWNER, { functionName: 'fn', qualifier: '1' })).toBe(`${ARN}fn:1`);
  });
});

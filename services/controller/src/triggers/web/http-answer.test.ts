import { functionFault, httpAnswer, httpAnswerHead, urlAnswer } from './http-answer';

const json = (value: unknown): { body: Buffer; contentType: string } => ({
  body: Buffer.from(JSON.stringify(value)),
  contentType: 'application/json',
});
const answer = (value: unknown): { status: number; headers: string[]; text: string } => {
  const { status, headers, body } = httpAnswer(json(value));
  return { status, headers, text: body.toString() };
};

describe('a result as an HTTP answer', () => {
  it('is taken apart when it has a status', () => {
    expect(
      answer({ statusCode: 201, headers: { 'X-A': 'b', 'x-n': 1 }, cookies: ['a=1', 'b=2; Secure'], body: '<p>', isBase64Encoded: false }),
    ).toEqual({
      status: 201,
      headers: ['X-A', 'b', 'x-n', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2; Secure', 'Content-Type', 'application/json'],
      text: '<p>',
    });
  });

  it('keeps the type of the body that it names', () => {
    expect(answer({ statusCode: 200, headers: { 'content-type': 'text/html' }, body: 'x' }).headers).toEqual(['content-type', 'text/html']);
  });

  it('decodes a binary body', () => {
    const bytes = Buffer.from([0, 255, 128]);
    const { body } = httpAnswer(json({ statusCode: 200, body: bytes.toString('base64'), isBase64Encoded: true }));
    expect(body.equals(bytes)).toBe(true);
  });

  it.each([{ hello: 1 }, 'text', null, 5, [1], { statusText: 'x' }])('is the body of a 200 otherwise: %j', (value) => {
    expect(answer(value)).toEqual({ status: 200, headers: ['Content-Type', 'application/json'], text: JSON.stringify(value) });
  });

  it('keeps another type of result as it is', () => {
    const body = Buffer.from('{"statusCode":500}');
    expect(httpAnswer({ body, contentType: 'image/png' })).toEqual({ status: 200, headers: ['Content-Type', 'image/png'], body });
  });

  it('does not let a function decide about the connection', () => {
    const headers = { 'Transfer-Encoding': 'chunked', 'Content-Length': '1', Connection: 'close', 'X-Easyfaas-Request-Id': 'forged' };
    expect(answer({ statusCode: 204, headers }).headers).toEqual([]);
  });

  it('has no body with 204 and 304', () => {
    expect(answer({ statusCode: 304, body: 'x' }).text).toBe('');
  });

  it('takes a body that is an object, and several values of a header', () => {
    expect(answer({ statusCode: 200, body: { a: 1 }, multiValueHeaders: { 'x-a': ['1', '2'] } })).toEqual({
      status: 200,
      headers: ['x-a', '1', 'x-a', '2', 'Content-Type', 'application/json'],
      text: '{"a":1}',
    });
  });

  it.each([
    [{ statusCode: 99 }, 'statusCode'],
    [{ statusCode: 100 }, 'statusCode'],
    [{ statusCode: 600 }, 'statusCode'],
    [{ statusCode: 'ok' }, 'statusCode'],
    [{ statusCode: null }, 'statusCode'],
    [{ statusCode: 200, headers: ['a'] }, 'headers'],
    [{ statusCode: 200, headers: { a: {} } }, 'headers.a'],
    [{ statusCode: 200, headers: { 'a b': 'x' } }, 'headers.a b'],
    [{ statusCode: 200, headers: { a: 'x\r\nSet-Cookie: evil=1' } }, 'headers.a'],
    [{ statusCode: 200, headers: { a: 'x'.repeat(70_000) } }, 'headers are over'],
    [{ statusCode: 200, headers: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, '1'])) }, 'headers are over'],
    [{ statusCode: 200, cookies: 'a=1' }, 'cookies'],
    [{ statusCode: 200, cookies: ['a\n'] }, 'headers.Set-Cookie'],
    [{ statusCode: 200, body: 5, isBase64Encoded: true }, 'body'],
    [{ statusCode: 200, body: '', isBase64Encoded: 'yes' }, 'isBase64Encoded'],
  ])('is refused with the name of what is wrong: %j', (value, words) => {
    expect(() => answer(value)).toThrow(words);
  });
});

describe('a result as the answer of a function URL', () => {
  it.each([
    ['hello', 'hello'],
    ['ä"\n', 'ä"\n'],
    ['', ''],
    [3.1, '3.1'],
    [['hello', 3, true], '["hello",3,true]'],
    [{ statusCode: 200, body: '"quoted"' }, '"quoted"'],
  ])('%j is %s', (value, text) => {
    expect(urlAnswer(json(value)).body.toString()).toBe(text);
  });
});

describe("a function's failure as an HTTP answer", () => {
  it.each([
    ['Sandbox.Timedout', 504, 'FUNCTION_TIMEOUT'],
    ['Runtime.OutOfMemory', 502, 'FUNCTION_OOM'],
    ['Runtime.ExitError', 502, 'FUNCTION_CRASHED'],
    ['Function.ResponseSizeTooLarge', 502, 'RESPONSE_TOO_LARGE'],
    ['Runtime.MarshalError', 502, 'INVALID_RESPONSE'],
    ['TypeError', 502, 'FUNCTION_FAILED'],
  ])('%s is %i %s', (errorType, status, code) => {
    const { headers, ...error } = functionFault(errorType);
    expect([functionFault(errorType).status, error.code]).toEqual([status, code]);
    expect(headers).toEqual({ 'X-Easyfaas-Function-Error': 'Unhandled' });
  });

  it('shows no control characters of an error type', () => {
    expect(functionFault('a\r\nb<script>').message).toContain('a??b?script?');
  });
});

describe('an answer that comes in pieces', () => {
  it('has the status, headers and cookies that the function says, and its type', () => {
    const http = { statusCode: 201, headers: { 'X-A': 'b', Connection: 'close', 'Content-Length': '5' }, cookies: ['c=d'] };
    expect(httpAnswerHead({ contentType: 'text/plain', http })).toEqual({
      status: 201,
      headers: ['X-A', 'b', 'Set-Cookie', 'c=d', 'Content-Type', 'text/plain'],
    });
  });

  it('is a 200 of its type where the function says nothing', () => {
    expect(httpAnswerHead({ contentType: 'text/event-stream', http: undefined })).toEqual({
      status: 200,
      headers: ['Content-Type', 'text/event-stream'],
    });
  });

  it.each([{ statusCode: 99 }, { headers: { 'a b': 'c' } }, { headers: { a: 'b\r\nc: d' } }, { cookies: ['a\n'] }])(
    'is refused with %j',
    (http) => {
      expect(() => httpAnswerHead({ contentType: 'text/plain', http })).toThrow(/cannot be sent/);
    },
  );

  it('was collected: its bytes are the body, whatever they look like', () => {
    const body = Buffer.from('{"statusCode":500}');
    expect(httpAnswer({ body, contentType: 'application/json', http: { statusCode: 202 } })).toEqual({
      status: 202,
      headers: ['Content-Type', 'application/json'],
      body,
    });
  });
});

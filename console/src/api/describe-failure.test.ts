import { ApiError, apiErrorOf } from './api-error';
import { describeFailure } from './describe-failure';

const answer = (status: number, body: object | string, retryAfter: string | null = null): ApiError =>
  apiErrorOf({ status, text: typeof body === 'string' ? body : JSON.stringify(body), retryAfter, requestId: 'r-1' });

describe('a failure in words', () => {
  it('says of a key that is not known what to do, and nothing of the protocol', () => {
    expect(describeFailure(answer(401, { error: { code: 'UNAUTHORIZED', message: 'A valid key is needed.' } }))).toEqual({
      title: 'Not signed in',
      text: 'The key is not known here, or it has ended. Sign in with another one.',
      requestId: 'r-1',
    });
  });

  it('says of a key that may not do it which one may', () => {
    const { title, text } = describeFailure(
      answer(403, { error: { code: 'FORBIDDEN', message: 'This key may not do that (pool:read).' } }),
    );
    expect([title, text]).toEqual(['Not allowed', 'This key may not do that (pool:read). Sign in with a key that may do it.']);
  });

  it('says of a limit when to try again', () => {
    const error = answer(429, { error: { code: 'THROTTLED', message: 'Over the limit.' } }, '3');
    expect(describeFailure(error)).toMatchObject({ title: 'Too much at once', text: 'Over the limit. Try again in 3 seconds.' });
    expect(describeFailure(answer(429, {}, 'Mon, 01 Jan 2035')).text).not.toContain('Try again');
    expect(describeFailure(answer(429, {}, '0.2')).text).toContain('in 1 second.');
  });

  it('says so when nothing answers, or something else does', () => {
    expect(describeFailure(new ApiError('', { status: 0 }))).toMatchObject({ title: 'No answer' });
    expect(describeFailure(answer(502, '<html>bad gateway</html>'))).toMatchObject({
      title: 'The platform failed',
      text: 'The answer was 502, without words of the controller.',
    });
    expect(describeFailure(answer(418, 'null')).title).toBe('Refused (418)');
    expect(describeFailure(new TypeError('x is undefined'))).toEqual({ title: 'The console failed', text: 'x is undefined' });
  });
});

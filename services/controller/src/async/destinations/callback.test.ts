import { readEventState } from '../event-state';
import { callbackOf } from './callback';

const eventOf = (fields: Record<string, string>): ReturnType<typeof readEventState> =>
  readEventState(
    'default',
    'the-call',
    Object.entries({ functionName: 'f', acceptedAt: '1700000000123', ...fields }).flatMap(([name, value]) => [
      Buffer.from(name),
      Buffer.from(value),
    ]),
  );
const attempts = (outcome: string, reason: string): string => JSON.stringify([{ attempt: 1, outcome, reason, message: 'words' }]);
const summary = (fields: Record<string, string>): [string | undefined, string] => {
  const { headers, body } = callbackOf(eventOf(fields));
  return [headers['X-Function-Status'], body.toString()];
};

describe('a callback', () => {
  it('has the result as its body and says whose it is', () => {
    const { headers, body } = callbackOf(
      eventOf({ status: 'succeeded', result: 'abc', resultBytes: '3', resultContentType: 'text/plain', stages: '{"totalMs":1234.5}' }),
    );
    expect(body.toString()).toBe('abc');
    expect(headers).toEqual({
      'Content-Type': 'text/plain',
      'X-Call-Id': 'the-call',
      'X-Function-Name': 'f',
      'X-Function-Status': '200',
      'X-Duration-Seconds': '1.234500',
      'X-Start-Time': '1700000000123000000',
    });
  });

  it('has the status that the function says', () => {
    expect(summary({ status: 'succeeded', result: '{"statusCode":204}', resultBytes: '18' })).toEqual(['204', '']);
  });

  it('says what went wrong as a synchronous caller would be told', () => {
    expect(summary({ status: 'failed', errorType: 'Sandbox.Timedout', attempts: attempts('function error', 'Sandbox.Timedout') })).toEqual([
      '504',
      expect.stringContaining('FUNCTION_TIMEOUT'),
    ]);
    expect(summary({ status: 'failed', errorType: 'Error', attempts: attempts('function error', 'Error') })[0]).toBe('502');
    expect(summary({ status: 'failed', attempts: attempts('platform error', 'FUNCTION_NOT_FOUND') })[0]).toBe('404');
    expect(summary({ status: 'expired', condition: 'EventAgeExceeded' })).toEqual(['504', expect.stringContaining('EventAgeExceeded')]);
    expect(summary({ status: 'failed', attempts: attempts('platform error', '__proto__') })[0]).toBe('504');
  });

  it('does not pass off a result that was not kept as an empty one', () => {
    expect(summary({ status: 'succeeded', result: '', resultBytes: '999999' })).toEqual(['502', expect.stringContaining('999999')]);
  });

  it('does not fail over an answer that cannot be sent', () => {
    expect(summary({ status: 'succeeded', result: '{"statusCode":999}', resultBytes: '18' })).toEqual([
      '502',
      expect.stringContaining('INVALID_RESPONSE'),
    ]);
  });
});

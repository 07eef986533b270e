import { ServiceError } from '@easyfaas/service-kit';
import { checkInvokeHeaders, clientContextOf, wantsDryRun, wantsEvent } from './invoke-rules';
import { readInvokeHeaders } from './request-headers';

const headers = (...raw: string[]) => readInvokeHeaders(raw);
function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return error instanceof ServiceError ? error.code : String(error);
  }
  return undefined;
}

describe('what an invocation may ask for', () => {
  it.each(['common', 'RequestResponse', 'event', 'Event', 'dryrun', 'DryRun'])('is the type %s', (type) => {
    expect(codeOf(() => checkInvokeHeaders(headers('X-Amz-Invocation-Type', type)))).toBeUndefined();
  });

  it('is nothing else', () => {
    expect(codeOf(() => checkInvokeHeaders(headers('X-Easyfaas-Invoke-Type', 'maybe')))).toBe('VALIDATION_FAILED');
  });

  it('is a log tail or none', () => {
    expect(codeOf(() => checkInvokeHeaders(headers('Log-Type', 'Tail')))).toBeUndefined();
    expect(codeOf(() => checkInvokeHeaders(headers('Log-Type', 'All')))).toBe('VALIDATION_FAILED');
  });

  it('is not a compressed payload', () => {
    expect(codeOf(() => checkInvokeHeaders(headers('Content-Encoding', 'gzip')))).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect(codeOf(() => checkInvokeHeaders(headers('Content-Encoding', 'identity')))).toBeUndefined();
  });

  it('is known as an event', () => {
    expect(wantsEvent(headers('X-Amz-Invocation-Type', 'Event'))).toBe(true);
    expect(wantsEvent(headers('X-Easyfaas-Invoke-Type', 'common'))).toBe(false);
  });

  it('is known as a dry run', () => {
    expect(wantsDryRun(headers('X-Amz-Invocation-Type', 'DryRun'))).toBe(true);
    expect(wantsDryRun(headers())).toBe(false);
  });
});

describe('the client context', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  it('is decoded', () => {
    expect(clientContextOf(headers('X-Amz-Client-Context', base64('{"a":1}')))).toBe('{"a":1}');
    expect(clientContextOf(headers())).toBeUndefined();
  });

  it('must be JSON and short', () => {
    expect(codeOf(() => clientContextOf(headers('X-Amz-Client-Context', base64('{'))))).toBe('VALIDATION_FAILED');
    expect(codeOf(() => clientContextOf(headers('X-Amz-Client-Context', base64(JSON.stringify('x'.repeat(3600))))))).toBe(
      'VALIDATION_FAILED',
    );
  });
});

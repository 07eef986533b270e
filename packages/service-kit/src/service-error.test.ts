import { ServiceError, asServiceError, errorEnvelope, parseErrorEnvelope } from './service-error';

describe('ServiceError', () => {
  it('takes its status from the catalogue', () => {
    expect(new ServiceError('PAYLOAD_TOO_LARGE', 'x').status).toBe(413);
  });

  it('survives the way over the wire', () => {
    const sent = new ServiceError('MEMORY_BUSY', 'uses 90 MB', { details: { usedMb: 90 } });
    const received = parseErrorEnvelope(JSON.parse(JSON.stringify(errorEnvelope(sent, 'r-1'))));
    expect(received).toMatchObject({ code: 'MEMORY_BUSY', message: 'uses 90 MB', details: { usedMb: 90 } });
  });

  it('tells a caller nothing about an unexpected failure', () => {
    const envelope = errorEnvelope(asServiceError(new Error('/secret/path')), 'r-1');
    expect(envelope.error).toMatchObject({ code: 'INTERNAL', retryable: true, requestId: 'r-1' });
    expect(JSON.stringify(envelope)).not.toContain('secret');
  });

  it.each([
    [null],
    ['x'],
    [{}],
    [{ error: null }],
    [{ error: { code: 'NO_SUCH_CODE', message: 'x' } }],
    [{ error: { code: 'toString', message: 'x' } }],
  ])('does not take %j for an envelope', (body) => {
    expect(parseErrorEnvelope(body)).toBeUndefined();
  });
});

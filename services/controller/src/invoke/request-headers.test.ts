import { readInvokeHeaders } from './request-headers';

describe('the headers of an invocation', () => {
  it('are found whatever their case, and others are passed over', () => {
    const headers = readInvokeHeaders([
      'HOST',
      'a',
      'Authorization',
      'bearer  k',
      'CONTENT-TYPE',
      'text/plain',
      'X-Amz-Log-Type',
      'Tail',
      'Content-Length',
      '12',
    ]);
    expect(headers).toMatchObject({ credential: 'k', contentType: 'text/plain', logType: 'Tail', contentLength: 12, isChunked: false });
  });

  it('take a credential from the bearer scheme before our own header, and from no other scheme', () => {
    expect(readInvokeHeaders(['X-Easyfaas-Key', 'own', 'Authorization', 'Bearer b']).credential).toBe('b');
    expect(readInvokeHeaders(['Authorization', 'Basic b', 'X-Easyfaas-Key', 'own']).credential).toBe('own');
    expect(readInvokeHeaders(['Authorization', 'Basic b']).credential).toBeUndefined();
  });

  it("treat curl's default content type as none, so that `curl -d` sends a JSON event", () => {
    expect(readInvokeHeaders(['Content-Type', 'application/x-www-form-urlencoded']).contentType).toBeUndefined();
  });
});

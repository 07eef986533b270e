import { decodeLog, invokeResult } from './invoke-result';

const base64 = (text: string, from = 0): string => btoa(String.fromCharCode(...new TextEncoder().encode(text).subarray(from)));

describe('the answer to a call', () => {
  it('is read with all that its headers say', () => {
    const headers = new Headers({
      'X-Easyfaas-Request-Id': 'r-1',
      'X-Easyfaas-Function-Error': 'Unhandled',
      'X-Easyfaas-Start': 'cold',
      'X-Easyfaas-Container': '0123456789ab',
      'X-Easyfaas-Log-Result': base64('START grüße'),
      'Server-Timing': 'warmup;dur=50;desc="pool empty"',
      'Content-Type': 'application/json',
    });
    expect(invokeResult(200, headers, new Uint8Array())).toEqual({
      status: 200,
      requestId: 'r-1',
      functionError: 'Unhandled',
      start: 'cold',
      containerId: '0123456789ab',
      stages: [{ name: 'warmup', ms: 50, reason: 'pool empty' }],
      contentType: 'application/json',
      body: new Uint8Array(),
      log: 'START grüße',
    });
    expect(invokeResult(202, new Headers(), new Uint8Array())).toMatchObject({ requestId: '', log: '', stages: [] });
  });

  it('has a log that may begin within a character', () => {
    expect(decodeLog(base64('ü!', 1))).toBe('\ufffd!');
  });
});

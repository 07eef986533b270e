import { PlainAnswerReader, decodePlainRequest, encodePlainAnswer, encodePlainRequest } from './plain-http';

const read = (text: string) => decodePlainRequest(Buffer.from(text));

describe('a plain request', () => {
  it.each([
    ['POST', '/v1/containers/0123456789ab/warm-up?timeout=9000', '{"reason":"Grüße, 你好"}'],
    ['PATCH', '/v1/containers/0123456789ab', '{}'],
    ['GET', '/v1/node?timeout=5000', undefined],
  ] as const)('is read as it was written: %s %s %s', (method, url, body) => {
    const request = read(encodePlainRequest(method, url, body));
    expect(request).toMatchObject({ method, url });
    expect(request?.body.toString()).toBe(body ?? '');
  });

  const whole = encodePlainRequest('POST', '/v1/x', '{"a":1}');

  it.each([
    ['a body that is not all there', whole.slice(0, -1)],
    ['a head that is not all there', whole.slice(0, 20)],
    ['more than one request', whole + whole],
    ['another header', whole.replace('Host: pod\r\n', 'Host: pod\r\nExpect: 100-continue\r\n')],
    ['two lengths', whole.replace('Content-Length: 7\r\n', 'Content-Length: 7\r\nContent-Length: 7\r\n')],
    ['a length with a sign', whole.replace('Length: 7', 'Length: +7')],
    ['another host', whole.replace('pod', 'localhost')],
    ['another method', whole.replace('POST', 'DELETE')],
    ['another version', whole.replace('1.1', '1.0')],
    ['a bare line feed', whole.replaceAll('\r\n', '\n')],
    ['a blank in the target', whole.replace('/v1/x', '/v1/ x')],
    ['nothing', ''],
  ])('is left to a real parser when it has %s', (_what, text) => {
    expect(read(text)).toBeUndefined();
  });
});

describe('a plain answer', () => {
  const answer = encodePlainAnswer(409, { contentType: 'application/json', text: '{"was":"schön"}', headers: { 'Retry-After': '1' } });

  it('is read as it was written, in one piece or byte by byte', () => {
    const whole = new PlainAnswerReader(100).push(Buffer.from(answer));
    expect(whole).toMatchObject({ status: 409, isLast: false });
    expect(whole?.body.toString()).toBe('{"was":"schön"}');
    const reader = new PlainAnswerReader(100);
    const pieces = [...Buffer.from(answer)].map((byte) => reader.push(Buffer.from([byte])));
    expect(pieces.slice(0, -1).every((piece) => piece === undefined)).toBe(true);
    expect(pieces.at(-1)?.body.toString()).toBe('{"was":"schön"}');
    expect(reader.push(Buffer.from(answer))?.status).toBe(409);
  });

  it('may come from node:http, and says when it is the last one', () => {
    const text = 'HTTP/1.1 200 OK\r\nDate: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}';
    expect(new PlainAnswerReader(100).push(Buffer.from(text))).toMatchObject({ status: 200, isLast: true });
  });

  it.each([
    ['without a length', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
    ['that is no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['that is longer than it says', `${answer}more`],
    ['that is longer than it may be', 'HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n'],
    ['whose head does not end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1100)}`],
  ])('%s is refused', (_what, text) => {
    expect(() => new PlainAnswerReader(100).push(Buffer.from(text))).toThrow('an answer');
  });
});

import { EventStreamParser, LineParser } from './event-stream';

describe('a stream of events', () => {
  it('is read however it is cut into pieces', () => {
    const text = 'event: pool\ndata: {"max":1}\n\n: remark\n\nevent: gone\ndata: {"a":\ndata: 2}\n\ndata: x\n\n';
    const expected = [
      { event: 'pool', data: '{"max":1}' },
      { event: 'gone', data: '{"a":\n2}' },
      { event: 'message', data: 'x' },
    ];
    expect(new EventStreamParser().push(text)).toEqual(expected);
    const parser = new EventStreamParser();
    expect([...text].flatMap((letter) => parser.push(letter))).toEqual(expected);
  });

  it('keeps what is not whole to itself', () => {
    const parser = new EventStreamParser();
    expect(parser.push('event: pool\ndata: 1\n')).toEqual([]);
    expect(parser.push('\n')).toEqual([{ event: 'pool', data: '1' }]);
  });
});

describe('a stream of lines', () => {
  it('gives whole ones', () => {
    const parser = new LineParser();
    expect(parser.push('{"a":1}\n\n{"b"')).toEqual(['{"a":1}']);
    expect(parser.push(':2}\n')).toEqual(['{"b":2}']);
  });
});

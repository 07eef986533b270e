import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFrame, FRAME_CAPS, type Frame, FrameDecoder, FrameType, parseHeader, ProtocolError } from './frames';

interface Golden {
  name: string;
  type: FrameType;
  stream: number;
  header: object;
  bodyHex: string;
  frameHex: string;
}

const golden = JSON.parse(readFileSync(join(__dirname, '../../fixtures/frames/golden.json'), 'utf8')) as Golden[];
const ALL = Object.values(FrameType);

interface Decoded {
  type: number;
  stream: number;
  header: unknown;
  body: string;
}

/** Feeds chunks to a decoder and copies what comes out. */
function decode(chunks: Iterable<Buffer>, accepts: Iterable<FrameType> = ALL): Decoded[] {
  const out: Decoded[] = [];
  const decoder = new FrameDecoder(accepts, (frame) =>
    out.push({ type: frame.type, stream: frame.stream, header: parseHeader(frame), body: frame.body.toString('hex') }),
  );
  for (const chunk of chunks) decoder.push(chunk);
  return out;
}

function* pieces(data: Buffer, bytes: number): Generator<Buffer> {
  for (let at = 0; at < data.length; at += bytes) yield Buffer.from(data.subarray(at, at + bytes));
}

const frameOf = (header: string, body = ''): Frame => ({
  type: FrameType.LOG,
  stream: 0,
  header: Buffer.from(header),
  body: Buffer.from(body),
});

describe('encodeFrame', () => {
  it.each(golden)('makes the bytes that every implementation must make: $name', ({ type, stream, header, bodyHex, frameHex }) => {
    expect(encodeFrame(type, stream, header, Buffer.from(bodyHex, 'hex')).toString('hex')).toBe(frameHex);
  });

  it('has a golden frame for every type', () => {
    expect([...new Set(golden.map(({ type }) => type))].sort((a, b) => a - b)).toEqual([...ALL].sort((a, b) => a - b));
  });

  it('takes a header that is JSON already', () => {
    expect(encodeFrame(FrameType.PING, 1, '{"a":"ä"}')).toEqual(encodeFrame(FrameType.PING, 1, { a: 'ä' }));
  });

  it.each([...FRAME_CAPS])('makes a frame of type %i of exactly %i bytes and none longer', (type, cap) => {
    const largestBody = Buffer.alloc(cap - 9);
    expect(encodeFrame(type as FrameType, 0, '{}', largestBody).readUInt32BE(0)).toBe(cap);
    expect(() => encodeFrame(type as FrameType, 0, '{}', Buffer.alloc(cap - 8))).toThrow(ProtocolError);
  });

  it('refuses a header that its length field cannot hold', () => {
    const over = JSON.stringify({ a: 'x'.repeat(65_536) });
    expect(() => encodeFrame(FrameType.RESULT, 0, over)).toThrow(/header of \d+ bytes is over 65535/);
  });

  it('refuses an unknown type', () => {
    expect(() => encodeFrame(99 as FrameType, 0, {})).toThrow(ProtocolError);
  });
});

describe('FrameDecoder', () => {
  const stream = Buffer.concat(golden.map(({ frameHex }) => Buffer.from(frameHex, 'hex')));
  const expected = golden.map(({ type, stream: id, header, bodyHex }) => ({ type, stream: id, header, body: bodyHex }));

  it('finds every frame of one chunk', () => {
    expect(decode([stream])).toEqual(expected);
  });

  it.each([1, 2, 3, 7, 10, 11, 12, 13, 64, 1000])('finds the same frames in pieces of %i bytes', (bytes) => {
    expect(decode(pieces(stream, bytes))).toEqual(expected);
  });

  it('finds the same frames wherever one cut is made', () => {
    for (let cut = 0; cut <= stream.length; cut++) expect(decode([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(expected);
  });

  it('finds a frame of 6 MiB in the pieces in which a socket delivers it', () => {
    const body = Buffer.alloc(6 * 1024 * 1024, 'b');
    const frame = encodeFrame(FrameType.RESULT, 7, { nonce: 'n' }, body);
    const [result, after] = decode(pieces(Buffer.concat([frame, encodeFrame(FrameType.PONG, 8, '{}')]), 65_536));
    expect(result).toMatchObject({ type: FrameType.RESULT, stream: 7 });
    expect(result?.body.length).toBe(body.length * 2);
    expect(after).toMatchObject({ type: FrameType.PONG, stream: 8 });
  });

  it('takes frames without header and body apart as such', () => {
    const bodies: number[] = [];
    const decoder = new FrameDecoder([FrameType.PING], ({ header, body }) => bodies.push(header.length, body.length));
    decoder.push(Buffer.from('000000070e000000010000', 'hex'));
    expect(bodies).toEqual([0, 0]);
  });

  it('refuses a type that this end does not receive, as soon as it can be seen', () => {
    const kill = encodeFrame(FrameType.KILL, 0, { reason: 'x' });
    expect(() => decode([kill.subarray(0, 11)], [FrameType.PING])).toThrow(/type 12 is not accepted here/);
  });

  it.each([0, 20, 255])('refuses the unknown type %i', (type) => {
    const frame = encodeFrame(FrameType.PING, 0, '{}');
    frame[4] = type;
    expect(() => decode([frame])).toThrow(ProtocolError);
  });

  it.each([...FRAME_CAPS])('refuses type %i over its cap of %i by the announcement alone', (type, cap) => {
    const prefix = Buffer.alloc(11);
    prefix.writeUInt32BE(cap + 1, 0);
    prefix[4] = type;
    expect(() => decode(pieces(prefix, 1))).toThrow(/its cap is/);
  });

  it('refuses a length that cannot hold the fixed fields', () => {
    expect(() => decode([Buffer.from('000000060e000000010000', 'hex')])).toThrow(/the least is 7/);
  });

  it('refuses a header that reaches beyond its frame', () => {
    expect(() => decode([Buffer.from('000000080e00000001ffff00', 'hex')])).toThrow(/header is longer than its frame/);
  });

  it('lets what the receiver throws through', () => {
    const decoder = new FrameDecoder(ALL, () => {
      throw new Error('receiver');
    });
    expect(() => decoder.push(encodeFrame(FrameType.PING, 0, '{}'))).toThrow('receiver');
  });
});

describe('parseHeader', () => {
  it('gives the members of an object', () => {
    expect(parseHeader(frameOf('{"fd":1}'))).toEqual({ fd: 1 });
  });

  it.each(['', '{', 'null', '[]', '1', '"text"'])('refuses %j', (header) => {
    expect(() => parseHeader(frameOf(header))).toThrow(ProtocolError);
  });
});

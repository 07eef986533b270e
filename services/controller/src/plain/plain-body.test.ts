import { PIECE_BYTES, PayloadMemory } from '../invoke/payload-memory';
import { PlainBody } from './plain-body';

const bytes = (count: number, first = 0): Buffer => Buffer.from(Array.from({ length: count }, (_, at) => (first + at) % 251));

/** Reads as a socket does: into the body's own room, at most `most` bytes at a time. */
function readInto(body: PlainBody, all: Buffer, from: number, most: number): void {
  for (let at = from; at < all.length;) {
    const { room } = body;
    if (room === undefined) throw new Error('nobody wants it');
    const count = all.copy(room, 0, at, Math.min(all.length, at + most));
    body.filled(count);
    at += count;
  }
}

describe('a body behind its head', () => {
  it.each([
    [1, 0, 1],
    [10, 3, 2],
    [20_000, 100, 999],
    [PIECE_BYTES, 10, PIECE_BYTES],
    [PIECE_BYTES + 1, 0, PIECE_BYTES],
    [1_000_000, 65_000, PIECE_BYTES],
    [1_000_000, 1, 7001],
  ])('of %i bytes, %i of them with the head and the rest %i at a time, is what was sent', (count, withHead, most) => {
    const sent = bytes(count);
    const body = new PlainBody(count, new PayloadMemory());
    body.take(sent.subarray(0, withHead));
    readInto(body, sent, withHead, most);
    const { chunks, bytes: said } = body.payload;
    expect([body.leftBytes, said, Buffer.concat(chunks).equals(sent)]).toEqual([0, count, true]);
  });

  it('never has room for more than is left of it', () => {
    const body = new PlainBody(PIECE_BYTES + 5, new PayloadMemory());
    body.filled(body.room?.length ?? 0);
    expect(body.room).toHaveLength(5);
  });

  it('takes of what was read elsewhere no more than its own', () => {
    const body = new PlainBody(10, new PayloadMemory());
    expect(body.take(bytes(4))).toBe(4);
    expect(body.take(bytes(100, 4))).toBe(6);
    expect(Buffer.concat(body.payload.chunks)).toEqual(bytes(10));
  });

  it('is counted and not kept when nobody wants it', () => {
    const body = new PlainBody(100_000, new PayloadMemory());
    body.discard();
    expect([body.room, body.take(bytes(60_000)), body.leftBytes]).toEqual([undefined, 60_000, 40_000]);
    expect([body.take(bytes(60_000)), body.leftBytes]).toEqual([40_000, 0]);
  });

  it('can be given up while the next bytes of it are being read', () => {
    const body = new PlainBody(100_000, new PayloadMemory());
    const { room } = body;
    body.discard();
    body.filled(room?.length ?? 0);
    expect([body.room, body.leftBytes]).toEqual([undefined, 100_000 - PIECE_BYTES]);
  });

  it('lends its memory, unless it is small', () => {
    const memory = new PayloadMemory();
    const large = new PlainBody(PIECE_BYTES, memory);
    readInto(large, bytes(PIECE_BYTES), 0, PIECE_BYTES);
    const { chunks, lent } = large.payload;
    lent?.letGo();
    expect(memory.take().buffer).toBe(chunks[0]?.buffer);
    const small = new PlainBody(100, memory);
    small.take(bytes(100));
    expect(small.payload.lent).toBeUndefined();
  });
});

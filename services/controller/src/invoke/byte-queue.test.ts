import { ByteQueue } from './byte-queue';

describe('a queue of bytes', () => {
  it('gives back in one piece what came in many, and is empty then', () => {
    const queue = new ByteQueue();
    const pieces = Array.from({ length: 10_000 }, (_each, n) => Buffer.from(`${n},`));
    for (const piece of pieces) queue.push(piece);
    expect(queue.bytes).toBe(Buffer.concat(pieces).length);
    expect(queue.takeAll().equals(Buffer.concat(pieces))).toBe(true);
    expect(queue.bytes).toBe(0);
    expect(queue.takeAll()).toHaveLength(0);
  });

  it('keeps what it gave away as it was', () => {
    const queue = new ByteQueue();
    queue.push(Buffer.from('first'));
    const taken = queue.takeAll();
    queue.push(Buffer.from('other'));
    expect(taken.toString()).toBe('first');
  });

  it('copies: whoever gave the piece may use its memory again', () => {
    const queue = new ByteQueue();
    const piece = Buffer.from('before');
    queue.push(piece);
    piece.fill('x');
    expect(queue.takeAll().toString()).toBe('before');
  });
});

import { PassThrough } from 'node:stream';
import { type Frame, FrameDecoder, FrameType } from '@easyfaas/contracts/wire';
import { FrameWriter } from './frame-writer';
import { payloadOf } from './payload';
import { LentPieces, PayloadMemory } from './payload-memory';

function collect(): { socket: PassThrough; frames: { type: number; stream: number; header: string; body: Buffer }[]; writes: number[] } {
  const frames: { type: number; stream: number; header: string; body: Buffer }[] = [];
  const writes: number[] = [];
  const decoder = new FrameDecoder(Object.values(FrameType), ({ type, stream, header, body }: Frame) => {
    frames.push({ type, stream, header: header.toString(), body: Buffer.from(body) });
  });
  const socket = new PassThrough();
  socket.on('data', (chunk: Buffer) => {
    writes.push(chunk.length);
    decoder.push(chunk);
  });
  return { socket, frames, writes };
}

describe('writing frames', () => {
  it('sends what was collected in one write', () => {
    const { socket, frames, writes } = collect();
    const writer = new FrameWriter(socket);
    for (let stream = 1; stream <= 5; stream++) writer.write(FrameType.INVOKE, stream, `{"n":${stream}}`, payloadOf(Buffer.from('body')));
    expect(writes).toEqual([]);
    writer.flush();
    socket.read();
    expect(writes).toHaveLength(1);
    expect(frames.map(({ stream }) => stream)).toEqual([1, 2, 3, 4, 5]);
    expect(frames[4]).toMatchObject({ header: '{"n":5}', body: Buffer.from('body') });
  });

  it('keeps the order around a frame that is too large to be collected', async () => {
    const { socket, frames } = collect();
    const writer = new FrameWriter(socket);
    const large = Buffer.alloc(100_000, 7);
    writer.write(FrameType.INVOKE, 1, '{}', payloadOf(Buffer.from('a')));
    writer.write(FrameType.INVOKE, 2, '{}', { chunks: [large.subarray(0, 60_000), large.subarray(60_000)], bytes: large.length });
    writer.write(FrameType.INVOKE, 3, '{}', payloadOf(Buffer.from('c')));
    writer.flushSoon();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(frames.map(({ stream }) => stream)).toEqual([1, 2, 3]);
    expect(frames[1]?.body.equals(large)).toBe(true);
  });

  it.each([
    [undefined, true],
    [new Error('EPIPE'), false],
  ])('holds memory that is used again until the socket has sent it, and for ever when it cannot (%s)', (error, isGivenBack) => {
    const memory = new PayloadMemory();
    const pieces = [memory.take(), memory.take()];
    const lent = new LentPieces(memory, pieces);
    const sent: (((error?: Error) => void) | undefined)[] = [];
    const socket = { cork: () => undefined, uncork: () => undefined, write: (_: Buffer, done?: () => void) => sent.push(done) > 0 };
    new FrameWriter(socket as unknown as PassThrough).write(FrameType.INVOKE, 1, '{}', { chunks: pieces, bytes: 2 * 65_536, lent });
    lent.letGo();
    expect(pieces).not.toContain(memory.take());
    for (const done of sent) done?.(error);
    expect(pieces.includes(memory.take())).toBe(isGivenBack);
  });

  it('writes a large header without a body', () => {
    const { socket, frames } = collect();
    new FrameWriter(socket).write(FrameType.INVOKE, 1, `{"n":"${'x'.repeat(40_000)}"}`);
    expect(frames[0]).toMatchObject({ stream: 1, body: Buffer.alloc(0) });
  });

  it('writes characters beyond ASCII whole', () => {
    const { socket, frames } = collect();
    const writer = new FrameWriter(socket);
    writer.write(FrameType.INVOKE, 1, '{"é":"✓"}');
    writer.flush();
    expect(frames[0]?.header).toBe('{"é":"✓"}');
  });

  it('does not reuse memory that the socket has not sent yet', () => {
    const kept: Buffer[] = [];
    const slow = { writableLength: 1, write: (chunk: Buffer) => kept.push(chunk) > 0 } as unknown as PassThrough;
    const writer = new FrameWriter(slow);
    writer.write(FrameType.PING, 1, '{"first":1}');
    writer.flush();
    const before = Buffer.from(kept[0] ?? []);
    writer.write(FrameType.PING, 2, '{"second":2}');
    writer.flush();
    expect(kept[0]?.equals(before)).toBe(true);
  });
});

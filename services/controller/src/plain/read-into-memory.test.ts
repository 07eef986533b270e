import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { readIntoMemory } from './read-into-memory';

describe('a connection whose handle Node does not give away', () => {
  it("is read from Node's own buffers, waits when it is told to, and can be left", async () => {
    const accepted = new PassThrough();
    const read: string[] = [];
    const connection = readIntoMemory(accepted as unknown as Socket, {
      nextMemory: () => Buffer.alloc(0),
      onBytes: (memory, count) => read.push(memory.toString('latin1', 0, count)) < 2,
    });
    expect(connection.socket).toBe(accepted);
    for (const text of ['a', 'b', 'c']) accepted.write(text);
    await new Promise((resolve) => setImmediate(resolve));
    expect(read).toEqual(['a', 'b']);
    connection.leave(Buffer.from('b'));
    const left: string[] = [];
    accepted.on('data', (bytes: Buffer) => left.push(bytes.toString()));
    accepted.resume();
    await new Promise((resolve) => setImmediate(resolve));
    expect([read, left.join('')]).toEqual([['a', 'b'], 'bc']);
  });
});

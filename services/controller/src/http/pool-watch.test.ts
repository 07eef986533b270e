import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import type { PoolContainer, PoolReader } from './pool-reader';
import { streamPool } from './pool-watch';

describe('the pool as a stream', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('tells each change once, and keeps the connection alive with comments when there is none', async () => {
    let text = '';
    const written = { writeHead: () => undefined, write: (part: string) => void (text += part), writableLength: 0 };
    const response = Object.assign(new EventEmitter(), written);
    const container = { containerId: 'a', state: 'cold' } as PoolContainer;
    const pool = { list: () => ({ containers: [container], size: 1 }) } as unknown as PoolReader;
    streamPool(
      response as unknown as Response,
      pool,
      (shown) => shown,
      () => false,
    );
    await jest.advanceTimersByTimeAsync(9_000);
    const event = 'event: pool\ndata: {"size":1}\n\nevent: container\ndata: {"containerId":"a","state":"cold"}\n\n';
    expect(text).toBe(event);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(text).toBe(`${event}:\n\n`);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(text).toBe(`${event}:\n\n:\n\n:\n\n`);
    response.emit('close');
    await jest.advanceTimersByTimeAsync(60_000);
    expect(text).toBe(`${event}:\n\n:\n\n:\n\n`);
  });
});

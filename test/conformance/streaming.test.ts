import { FrameType } from '@easyfaas/contracts/wire';
import type { ReceivedFrame } from '../support/fake-controller';
import { eachFixture, errorObject, fixtureFile, type HostRuntime, runtimesHere, TestContainer } from './container';

const KIB = 1024;
const WINDOW_BYTES = 256 * KIB;
const FIXTURES = ['streams', 'streams-async'];

/** Those with handlers; programs that speak the Runtime API have tests of their own (runtime-api.test.ts). */
const streaming = runtimesHere().filter(({ manifest }) => manifest.streaming === true && manifest.entryIsExecutable !== true);

/** Every runtime that says it can, with each of its kinds of handlers, alone in the process and beside others. */
const cases = streaming
  .flatMap((runtime) => FIXTURES.filter((name) => fixtureFile(runtime, name) !== undefined).map((name) => ({ runtime, name })))
  .flatMap(({ runtime, name }) =>
    [1, 2].map((concurrency): [string, string, number, HostRuntime] => [runtime.name, name, concurrency, runtime]),
  );

it('every runtime that streams has a fixture for it', () => {
  expect(new Set(cases.map(([name]) => name)).size).toBe(streaming.length);
});

describe.each(cases)('%s, %s, %i at once', (_name, fixture, concurrency, runtime) => {
  let container: TestContainer;

  // One process for all: whatever happened to an answer, the next is served.
  beforeAll(async () => {
    container = await TestContainer.start(runtime);
    await container.init(fixture, { concurrency });
  });
  afterAll(() => container.dispose());

  const begin = (event: object, windowBytes = WINDOW_BYTES): number => container.sendInvoke(event, { windowBytes });

  /** Takes the pieces of an answer until there are so many bytes. */
  async function take(stream: number, bytes: number): Promise<ReceivedFrame[]> {
    const frames: ReceivedFrame[] = [];
    for (let have = 0; have < bytes;) {
      const frame = await container.runtime.next(FrameType.CHUNK, stream);
      expect(frame.header['nonce']).toBe(`nonce-${stream}`);
      expect(frame.body.length).toBeLessThanOrEqual(64 * KIB);
      frames.push(frame);
      have += frame.body.length;
    }
    return frames;
  }

  const textOf = (frames: ReceivedFrame[]): string => Buffer.concat(frames.map(({ body }) => body)).toString();

  /** Whatever was sent before has arrived now. */
  async function settled(): Promise<void> {
    container.runtime.send(FrameType.PING, 99);
    await container.runtime.next(FrameType.PONG, 99);
  }

  it('sends what is written, with its head first, and END', async () => {
    const start = { statusCode: 201, headers: { 'Content-Type': 'text/event-stream', 'X-A': 'b' }, cookies: ['c=d'] };
    const stream = begin({ start, pieces: ['one,', 'zwei €,', 'three'] });
    const end = await container.runtime.next(FrameType.END, stream);
    expect(end.header).toMatchObject({ nonce: `nonce-${stream}` });
    expect(end.header['cpuMs']).toBeGreaterThanOrEqual(0);
    const frames = container.runtime.pending(FrameType.CHUNK, stream);
    expect(textOf(frames)).toBe('one,zwei €,three');
    expect(frames[0]?.header).toMatchObject({ contentType: 'text/event-stream', http: start });
    expect(Buffer.concat(container.runtime.pending(FrameType.LOG, stream).map(({ body }) => body)).toString()).toContain('over');
    expect(container.runtime.pending(FrameType.RESULT)).toEqual([]);
  });

  it('sends no more than it may, and goes on when it may', async () => {
    const stream = begin({ count: 4, size: 100_000 }, 150_000);
    await take(stream, 150_000);
    await settled();
    expect(container.runtime.pending(FrameType.CHUNK, stream)).toEqual([]);
    container.runtime.send(FrameType.WINDOW, stream, { bytes: 150_000 });
    await take(stream, 150_000);
    await settled();
    expect(container.runtime.pending(FrameType.CHUNK, stream)).toEqual([]);
    container.runtime.send(FrameType.WINDOW, stream, { bytes: 100_000 });
    await take(stream, 100_000);
    await container.runtime.next(FrameType.END, stream);
  });

  it('begins and ends an answer without a byte', async () => {
    const stream = begin({});
    const [first, end] = await Promise.all([
      container.runtime.next(FrameType.CHUNK, stream),
      container.runtime.next(FrameType.END, stream),
    ]);
    expect(first.body).toHaveLength(0);
    expect(end.header['maxRssKb']).toBeGreaterThan(1000);
  });

  it('sends ten thousand tiny pieces in order', async () => {
    const pieces = Array.from({ length: 10_000 }, (_each, n) => `${n},`);
    const stream = begin({ pieces });
    await container.runtime.next(FrameType.END, stream);
    expect(textOf(container.runtime.pending(FrameType.CHUNK, stream))).toBe(pieces.join(''));
  });

  it('ends an answer that fails with ERROR, behind what was written', async () => {
    const stream = begin({ pieces: ['part'], throws: 'too bad' });
    const error = await container.runtime.next(FrameType.ERROR, stream);
    expect(errorObject(error)).toMatchObject({ errorMessage: 'too bad' });
    expect(error.header['nonce']).toBe(`nonce-${stream}`);
    expect(textOf(container.runtime.pending(FrameType.CHUNK, stream))).toBe('part');
    expect(container.runtime.pending(FrameType.END, stream)).toEqual([]);
  });

  it('is told by CANCEL while it waits, and serves on', async () => {
    const stream = begin({ count: 100, size: 100_000 }, 1000);
    await take(stream, 1000);
    container.runtime.send(FrameType.CANCEL, stream);
    await container.runtime.next(FrameType.ERROR, stream);
    expect(Buffer.concat(container.runtime.pending(FrameType.LOG, stream).map(({ body }) => body)).toString()).toContain('over');
    const next = begin({ pieces: ['next'] });
    await container.runtime.next(FrameType.END, next);
  });

  it('comes whole where nothing else was allowed, 6 MiB at most', async () => {
    const start = { statusCode: 201, headers: { 'content-type': 'text/plain' }, cookies: ['c=d'] };
    const stream = container.sendInvoke({ start, pieces: ['one,', 'two'] });
    const answer = await container.answer(stream);
    expect(answer).toMatchObject({ type: 'result', header: { contentType: 'text/plain', http: start } });
    expect(answer.body.toString()).toBe('one,two');
    expect(container.runtime.pending(FrameType.CHUNK, stream)).toEqual([]);
    await expect(container.failure({ count: 70, size: 100_000 })).resolves.toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
  });

  if (concurrency > 1) {
    it('lets other calls through while one waits', async () => {
      const stream = begin({ count: 100, size: 100_000 }, 1000);
      await take(stream, 1000);
      const other = begin({ count: 30, size: 100_000 }, 3_000_000);
      await container.runtime.next(FrameType.END, other);
      expect(container.runtime.pending(FrameType.END, stream)).toEqual([]);
      container.runtime.send(FrameType.CANCEL, stream);
      await container.runtime.next(FrameType.ERROR, stream);
    });
  }

  it('does not wait for ever when the controller is gone', async () => {
    await take(begin({ count: 100, size: 100_000 }, 1000), 1000);
    container.runtime.destroy();
    container.runtime = await container.controller.attached('runtime');
    const next = begin({ pieces: ['next'] });
    await container.runtime.next(FrameType.END, next);
    expect(textOf(container.runtime.pending(FrameType.CHUNK))).toBe('next');
  });
});

describe.each(runtimesHere().map((runtime): [string, HostRuntime] => [runtime.name, runtime]))('%s', (_name, runtime) => {
  eachFixture(runtime, ['streams-odd'], 'fails an answer made of something else than text and bytes (%s)', async (fixture) => {
    const container = await TestContainer.start(runtime);
    try {
      await container.init(fixture);
      const failure = await container.failure({}, { windowBytes: WINDOW_BYTES });
      expect(failure).toMatchObject({ errorType: 'Runtime.MarshalError', errorMessage: expect.stringContaining('json.dumps') as string });
    } finally {
      await container.dispose();
    }
  });
});

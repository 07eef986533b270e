import { LIMITS, ProtocolError } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { type AnswerHead, type AnswerSink, AnswerStream } from './answer-stream';
import type { Call } from './call';
import type { Outcome } from './outcome';

const WINDOW = LIMITS.streamWindowBytes;
const HEAD: AnswerHead = { contentType: 'text/plain', http: undefined };
const bytes = (count: number): Buffer => Buffer.alloc(count, 'x');

/** A client that takes what it is told to. */
class FakeSink implements AnswerSink {
  heads: AnswerHead[] = [];
  written: number[] = [];
  hasRoom = true;
  refusal: ServiceError | undefined;

  begin(_call: Call, head: AnswerHead): void {
    if (this.refusal !== undefined) throw this.refusal;
    this.heads.push(head);
  }

  write(piece: Buffer): boolean {
    this.written.push(piece.length);
    return this.hasRoom;
  }

  get total(): number {
    return this.written.reduce((sum, each) => sum + each, 0);
  }
}

function streamOf({ limitBytes = 1000 * WINDOW } = {}) {
  const call = { phase: 'running', isAbandoned: false } as Call;
  const sink = new FakeSink();
  const allowed: number[] = [];
  const ends: Outcome[] = [];
  const cutOff = (ended: Call, outcome: Outcome): void => {
    ended.phase = 'settled';
    ends.push(outcome);
  };
  const answer = new AnswerStream(call, { sink, limitBytes, nowMs: () => 5, cutOff });
  answer.connect((count) => allowed.push(count));
  return { call, sink, allowed, ends, answer };
}

describe('a streamed answer', () => {
  it('begins with its first piece, once', () => {
    const { answer, sink } = streamOf();
    expect(answer.hasBegun).toBe(false);
    answer.take(HEAD, bytes(1));
    answer.take({ ...HEAD, contentType: 'other' }, bytes(2));
    expect(sink.heads).toEqual([HEAD]);
    expect(answer).toMatchObject({ hasBegun: true, contentType: 'text/plain', bytes: 3, firstByteAtMs: 5 });
  });

  it('may go on as its client takes it, told of in halves of a window', () => {
    const { answer, allowed } = streamOf();
    answer.take(HEAD, bytes(WINDOW / 2 - 1));
    expect(allowed).toEqual([]);
    answer.take(HEAD, bytes(1));
    expect(allowed).toEqual([WINDOW / 2]);
    answer.take(HEAD, bytes(WINDOW));
    expect(allowed).toEqual([WINDOW / 2, WINDOW]);
  });

  it('lies still while its client takes nothing, one window of it at most, and goes on then', () => {
    const { answer, sink, allowed } = streamOf();
    sink.hasRoom = false;
    for (let n = 0; n < 4; n++) answer.take(HEAD, bytes(WINDOW / 4));
    expect(sink.written).toEqual([WINDOW / 4]);
    expect(allowed).toEqual([]);
    expect(() => answer.take(HEAD, bytes(1))).toThrow(ProtocolError);
    sink.hasRoom = true;
    answer.resume();
    expect(sink.written).toEqual([WINDOW / 4, (WINDOW * 3) / 4]);
    expect(allowed).toEqual([WINDOW]);
  });

  it('that stopped for a moment may go on without anything having waited', () => {
    const { answer, sink, allowed } = streamOf();
    sink.hasRoom = false;
    answer.take(HEAD, bytes(WINDOW));
    sink.hasRoom = true;
    answer.resume();
    expect(allowed).toEqual([WINDOW]);
  });

  it('never stops for good, whatever the sizes of its pieces', () => {
    const { answer, sink, allowed } = streamOf();
    let left: number = WINDOW;
    for (let n = 0; n < 2000; n++) {
      const size = Math.min(left, 1 + ((n * 7919) % 40_000));
      sink.hasRoom = n % 3 !== 0;
      answer.take(HEAD, bytes(size));
      left -= size;
      sink.hasRoom = true;
      answer.resume();
      left += allowed.splice(0).reduce((sum, each) => sum + each, 0);
      expect(left).toBeGreaterThan(0);
    }
    expect(sink.total).toBe(answer.bytes);
  });

  it('gives all that waits away at its end, and allows no more', () => {
    const { answer, sink, allowed } = streamOf();
    sink.hasRoom = false;
    answer.take(HEAD, bytes(10));
    answer.take(HEAD, bytes(WINDOW - 10));
    answer.flush();
    expect(sink.total).toBe(WINDOW);
    sink.hasRoom = true;
    answer.resume();
    expect(allowed).toEqual([]);
  });

  it('over its limit is cut there', () => {
    const { answer, sink, ends } = streamOf({ limitBytes: 100 });
    answer.take(HEAD, bytes(60));
    answer.take(HEAD, bytes(60));
    answer.take(HEAD, bytes(60));
    expect(sink.written).toEqual([60, 40]);
    expect(ends).toMatchObject([{ kind: 'function-error', errorType: 'Function.ResponseSizeTooLarge' }]);
  });

  it('that cannot be sent as it is ends its call before it has begun', () => {
    const { answer, sink, ends } = streamOf();
    sink.refusal = new ServiceError('INVALID_RESPONSE', 'no');
    answer.take(HEAD, bytes(1));
    answer.take(HEAD, bytes(1));
    expect(ends).toEqual([{ kind: 'platform-error', error: sink.refusal }]);
    expect(answer.hasBegun).toBe(false);
    expect(sink.written).toEqual([]);
  });

  it('goes nowhere when its client has gone, and no more of it is allowed', () => {
    const { answer, call, sink, allowed } = streamOf();
    answer.take(HEAD, bytes(1));
    call.isAbandoned = true;
    answer.take(HEAD, bytes(WINDOW - 1));
    expect(sink.written).toEqual([1]);
    expect(allowed).toEqual([]);
    expect(() => answer.take(HEAD, bytes(1))).toThrow(ProtocolError);
  });
});

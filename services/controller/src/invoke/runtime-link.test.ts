import { PassThrough } from 'node:stream';
import { type Frame, FrameType, LIMITS, ProtocolError } from '@easyfaas/contracts/wire';
import type { AttachedSocket } from './attached-socket';
import { AnswerStream } from './answer-stream';
import { Call, type CallRequest } from './call';
import { FrameWriter } from './frame-writer';
import type { Outcome } from './outcome';
import { NO_PAYLOAD } from './payload';
import { RuntimeLink } from './runtime-link';

const NONCE = 'n'.repeat(32);
const unplanned = (): never => {
  throw new Error('not planned');
};

function linkWithCall({ isStreamed = true } = {}) {
  const ended: Outcome[] = [];
  const link = new RuntimeLink({ writer: new FrameWriter(new PassThrough()) } as AttachedSocket, {
    onInitDone: unplanned,
    onInitError: unplanned,
    onCallEnded: (_call, outcome) => void ended.push(outcome),
    onStrayLog: unplanned,
  });
  const stored = { configuration: { Timeout: 3 } };
  const request = { requestId: 'r', stored, payload: NO_PAYLOAD } as unknown as CallRequest;
  const call = new Call(request, {} as Call['pool'], { onCallDeadline: unplanned }, 0);
  const sink = { begin: () => undefined, write: () => true };
  if (isStreamed) call.answer = new AnswerStream(call, { sink, limitBytes: 1e9, nowMs: () => 0, cutOff: unplanned });
  call.phase = 'running';
  link.sendInvoke(call, NONCE);
  const receive = (type: FrameType, header: object = {}, bodyBytes = 0): void => {
    const frame: Frame = {
      type,
      stream: call.stream,
      header: Buffer.from(JSON.stringify({ nonce: NONCE, ...header })),
      body: Buffer.alloc(bodyBytes),
    };
    link.onFrame(frame);
  };
  return { link, call, ended, receive };
}

describe('a streamed answer on a connection', () => {
  it('ends with END, and its call is out of the table', () => {
    const { link, ended, receive } = linkWithCall();
    receive(FrameType.CHUNK, { contentType: 'text/plain' }, 5);
    expect(link.calls.size).toBe(1);
    receive(FrameType.END, { cpuMs: 1, maxRssKb: 2 });
    expect(link.calls.size).toBe(0);
    expect(ended).toMatchObject([{ kind: 'result', contentType: 'text/plain', cpuMs: 1, maxRssKb: 2 }]);
  });

  it('may end with ERROR', () => {
    const { ended, receive } = linkWithCall();
    receive(FrameType.CHUNK, {}, 5);
    receive(FrameType.ERROR, { errorType: 'E' });
    expect(ended).toMatchObject([{ kind: 'function-error', errorType: 'E' }]);
  });

  it.each<[string, (receive: ReturnType<typeof linkWithCall>['receive']) => void]>([
    ['that is more than was allowed', (receive) => receive(FrameType.CHUNK, {}, LIMITS.streamWindowBytes + 1)],
    ['with a wrong nonce', (receive) => receive(FrameType.CHUNK, { nonce: 'forged' }, 1)],
    ['whose end has a wrong nonce', (receive) => [receive(FrameType.CHUNK, {}, 1), receive(FrameType.END, { nonce: 'forged' })]],
    ['that ends before it has begun', (receive) => receive(FrameType.END)],
    ['with a RESULT behind it', (receive) => [receive(FrameType.CHUNK, {}, 1), receive(FrameType.RESULT)]],
    [
      'that goes on behind its end',
      (receive) => [receive(FrameType.CHUNK, {}, 1), receive(FrameType.END), receive(FrameType.CHUNK, {}, 1)],
    ],
  ])('%s breaks the protocol', (_what, say) => {
    const { receive } = linkWithCall();
    expect(() => say(receive)).toThrow(ProtocolError);
  });

  it('that was not asked for breaks the protocol', () => {
    const { receive } = linkWithCall({ isStreamed: false });
    expect(() => receive(FrameType.CHUNK, {}, 1)).toThrow(ProtocolError);
  });

  it('of a call that has run out of time is dropped to its end', () => {
    const { link, call, ended, receive } = linkWithCall();
    receive(FrameType.CHUNK, {}, 1);
    link.expire(call);
    receive(FrameType.CHUNK, {}, 1);
    receive(FrameType.END);
    expect(ended).toEqual([]);
    expect(() => receive(FrameType.END)).toThrow(ProtocolError);
  });

  it('of a call that was cut off may end without having begun', () => {
    const { call, ended, receive } = linkWithCall();
    call.phase = 'settled';
    receive(FrameType.END);
    expect(ended).toMatchObject([{ kind: 'result' }]);
  });
});

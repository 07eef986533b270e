import { Readable, addAbortSignal } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { FakeClock, ServiceError, silentLogger } from '@easyfaas/service-kit';
import { type ErrorCode, LIMITS, POD_FACTS_HEADER, type PodCallFacts, type PodLease, type StoredFunction } from '@easyfaas/contracts/wire';
import { AnswerStream } from '../invoke/answer-stream';
import { Call } from '../invoke/call';
import type { Outcome } from '../invoke/outcome';
import { payloadOf } from '../invoke/payload';
import type { FunctionPool } from '../pool/function-pool';
import { PodCalls } from './pod-calls';
import { type PodRequest, PodUnreachable } from './pod-client';

const POD = { podId: 'beta' } as PodLease;
const STORED = {
  accountId: 'acme',
  configuration: { FunctionName: 'hello', Version: '7', Timeout: 3 },
} as unknown as StoredFunction;
const FACTS: PodCallFacts = {
  outcome: 'result',
  containerId: '0123456789ab',
  start: 'cold',
  coldReason: 'first call',
  warmUpMs: 5,
  initMs: 20,
  invokeMs: 30,
  cpuMs: 2,
  maxRssKb: 40_000,
  log: Buffer.from('a line').toString('base64'),
};

/** With a trailer the answer comes in pieces; `broken` breaks off behind them. */
type Answer = { facts: object; body: string; pieces?: Buffer[]; trailer?: object; broken?: boolean } | Error;

const encoded = (facts: object): string => Buffer.from(JSON.stringify(facts)).toString('base64url');

async function* piecesOf({ body, pieces = [Buffer.from(body)], broken = false }: Exclude<Answer, Error>): AsyncGenerator<Buffer> {
  yield* pieces;
  if (broken) throw new Error('broken off');
}

function stage(answer: Answer) {
  const clock = new FakeClock();
  const requests: PodRequest[] = [];
  const settled: Outcome[] = [];
  const takenBack: Call[] = [];
  const ended: string[] = [];
  const calls = new PodCalls({
    client: {
      send: async (_pod, wish, signal) => {
        requests.push(wish);
        if (answer instanceof Error) throw answer;
        const name = POD_FACTS_HEADER.toLowerCase();
        const headers = { [name]: encoded(answer.facts), 'content-type': 'text/plain' };
        const trailers = answer.trailer === undefined ? {} : { [name]: encoded(answer.trailer) };
        const body = addAbortSignal(signal, Readable.from(piecesOf(answer)));
        return Object.assign(body, { headers, trailers }) as unknown as IncomingMessage;
      },
    },
    membership: { noteSent: () => () => undefined },
    dispatcher: () => ({ settle: (_call, outcome) => void settled.push(outcome), takeBack: (back) => void takenBack.push(back) }),
    clock,
    logger: silentLogger(),
    waitMs: 9000,
    onEnd: (result) => void ended.push(result),
  });
  const call = new Call(
    {
      requestId: 'request-1',
      stored: STORED,
      payload: payloadOf(Buffer.from('{}')),
      contentType: 'application/json',
      clientContext: undefined,
      traceparent: undefined,
      wantsLogTail: false,
      receivedAtMs: clock.monotonicMs(),
      keyId: 'key-1',
      reply: { settle: () => 200 },
    },
    { concurrency: 1 } as FunctionPool,
    { onCallDeadline: () => undefined },
    clock.monotonicMs(),
  );
  call.isAdmitted = true;
  const send = async (refusal?: ServiceError): Promise<void> => {
    calls.send(call, POD, refusal);
    while (ended.length === 0 && settled.length === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  return { call, send, clock, requests, settled, takenBack, ended };
}

describe('a call that runs on another pod', () => {
  it('carries who called, what, and that it is counted', async () => {
    const { send, requests } = stage({ facts: FACTS, body: 'hi' });
    await send();
    expect(requests[0]).toMatchObject({
      method: 'POST',
      path: '/internal/calls',
      call: {
        requestId: 'request-1',
        principal: { accountId: 'acme', keyId: 'key-1' },
        functionName: 'hello',
        version: '7',
        contentType: 'application/json',
        isAdmitted: true,
      },
    });
  });

  it('ends as if it had run here', async () => {
    const { call, send, settled, clock } = stage({ facts: FACTS, body: 'hi' });
    await send();
    expect(settled).toEqual([{ kind: 'result', contentType: 'text/plain', body: Buffer.from('hi'), cpuMs: 2, maxRssKb: 40_000 }]);
    expect(call).toMatchObject({ containerId: '0123456789ab', start: 'cold', coldReason: 'first call', warmUpMs: 5, initMs: 20 });
    expect(call.elsewhere?.podId).toBe('beta');
    expect(call.log?.text()).toBe('a line\n');
    call.settledAtMs = clock.monotonicMs();
    expect(call.invokeMs).toBe(30);
  });

  it("ends with the function's error as that", async () => {
    const facts = { ...FACTS, outcome: 'function-error', errorType: 'TypeError' };
    const { send, settled } = stage({ facts, body: '{"errorType":"TypeError"}' });
    await send();
    expect(settled[0]).toMatchObject({ kind: 'function-error', errorType: 'TypeError' });
  });

  it.each([
    ['the pod cannot be reached', new PodUnreachable('no')],
    ['the pod is full after all', new ServiceError('THROTTLED', 'full')],
    ['the pod is stopping', new ServiceError('SHUTTING_DOWN', 'bye')],
    ['the pod lacks the package', new ServiceError('PACKAGE_MISSING', 'gone')],
    ['the pod does not believe us', new ServiceError('UNAUTHORIZED', 'who?')],
  ])('comes back when %s', async (_why, error) => {
    const { call, send, settled, takenBack, ended } = stage(error);
    await send();
    expect({ settled, takenBack, ended }).toEqual({ settled: [], takenBack: [call], ended: ['came back'] });
    expect(call.elsewhere).toMatchObject({ podId: undefined });
  });

  it('is refused as it would have been when it comes back and may not stay', async () => {
    const { send, settled, takenBack } = stage(new PodUnreachable('no'));
    const refusal = new ServiceError('THROTTLED', 'over the limit');
    await send(refusal);
    expect({ settled, takenBack }).toEqual({ settled: [{ kind: 'platform-error', error: refusal }], takenBack: [] });
  });

  it.each<ErrorCode>(['RUNTIME_LOST', 'INTERNAL', 'DEADLINE_EXCEEDED'])('is not run twice after %s: it may have run', async (code) => {
    const error = new ServiceError(code, 'lost');
    const { send, settled, takenBack, ended } = stage(error);
    await send();
    expect({ settled, takenBack, ended }).toEqual({ settled: [{ kind: 'platform-error', error }], takenBack: [], ended: ['lost'] });
  });

  it('is lost when the answer makes no sense', async () => {
    const { send, settled } = stage({ facts: { outcome: 'maybe' }, body: '' });
    await send();
    expect(settled[0]).toMatchObject({ kind: 'platform-error', error: { code: 'RUNTIME_LOST' } });
  });

  it('ends as abandoned when its client has gone', async () => {
    const { call, send, settled } = stage(new Error('aborted'));
    call.isAbandoned = true;
    await send();
    expect(settled).toEqual([{ kind: 'abandoned' }]);
  });
});

describe('an answer in pieces of another pod', () => {
  const PIECE = Buffer.alloc(100_000, 'x');
  const BEGUN = { outcome: 'result', containerId: '0123456789ab', start: 'warm', invokeMs: 1, isStreamed: true, http: { statusCode: 201 } };
  const ENDED = { ...FACTS, isStreamed: undefined };

  /** @param room bytes that the client takes before it stands still */
  function streamed(answer: Answer, { room = Infinity } = {}) {
    const staged = stage(answer);
    const taken: Buffer[] = [];
    const begun: object[] = [];
    const bytes = (): number => Buffer.concat(taken).length;
    const stream: AnswerStream = new AnswerStream(staged.call, {
      sink: {
        begin: (_call, head) => void begun.push(head),
        write: (piece) => {
          taken.push(piece);
          return bytes() < room;
        },
      },
      limitBytes: 5_000_000,
      nowMs: () => 7,
      cutOff: () => {
        throw new Error('not planned');
      },
    });
    staged.call.answer = stream;
    return { ...staged, stream, begun, bytes };
  }

  it('is handed on as it comes, and ends with what the trailer says', async () => {
    const { send, requests, settled, begun, bytes, call } = streamed({
      facts: BEGUN,
      body: '',
      pieces: Array(12).fill(PIECE) as Buffer[],
      trailer: ENDED,
    });
    await send();
    expect(requests[0]?.call).toMatchObject({ takesPieces: true });
    expect(begun).toEqual([{ contentType: 'text/plain', http: { statusCode: 201 } }]);
    expect(bytes()).toBe(1_200_000);
    expect(settled).toEqual([{ kind: 'result', contentType: 'text/plain', body: Buffer.alloc(0), cpuMs: 2, maxRssKb: 40_000 }]);
    expect(call).toMatchObject({ containerId: '0123456789ab', initMs: 20 });
    expect(call.log?.text()).toBe('a line\n');
  });

  it('is read no faster than its client takes it, and its connection is closed when the client leaves', async () => {
    const pieces = Array(40).fill(PIECE) as Buffer[];
    const { send, settled, stream, bytes, call } = streamed({ facts: BEGUN, body: '', pieces, trailer: ENDED }, { room: 1 });
    const sent = send();
    for (let more = 20; more > 0; more -= stream.bytes < LIMITS.streamWindowBytes ? 0 : 1)
      await new Promise((resolve) => setImmediate(resolve));
    expect([bytes(), stream.bytes, settled]).toEqual([PIECE.length, LIMITS.streamWindowBytes, []]);
    call.isAbandoned = true;
    call.elsewhere?.cancel();
    await sent;
    expect(settled).toEqual([{ kind: 'abandoned' }]);
  });

  it("ends with the function's error behind what was sent", async () => {
    const error = Buffer.from('{"errorType":"RangeError","errorMessage":"too far"}');
    const trailer = { ...ENDED, outcome: 'function-error', errorType: 'RangeError', error: error.toString('base64') };
    const { send, settled, bytes } = streamed({ facts: BEGUN, body: 'first', trailer });
    await send();
    expect(bytes()).toBe(5);
    expect(settled[0]).toMatchObject({ kind: 'function-error', errorType: 'RangeError', body: error });
  });

  it('is lost, and not run again, when it breaks off or ends without a trailer', async () => {
    for (const answer of [
      { facts: BEGUN, body: 'first', broken: true },
      { facts: BEGUN, body: 'first' },
    ]) {
      const { send, settled, takenBack, ended } = streamed(answer);
      await send();
      expect(settled[0]).toMatchObject({ kind: 'platform-error', error: { code: 'RUNTIME_LOST' } });
      expect([takenBack, ended]).toEqual([[], ['lost']]);
    }
  });
});

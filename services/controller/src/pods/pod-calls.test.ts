import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { FakeClock, ServiceError, silentLogger } from '@easyfaas/service-kit';
import { type ErrorCode, POD_FACTS_HEADER, type PodCallFacts, type PodLease, type StoredFunction } from '@easyfaas/contracts/wire';
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

type Answer = { facts: object; body: string } | Error;

function stage(answer: Answer) {
  const clock = new FakeClock();
  const requests: PodRequest[] = [];
  const settled: Outcome[] = [];
  const takenBack: Call[] = [];
  const ended: string[] = [];
  const calls = new PodCalls({
    client: {
      send: async (_pod, wish) => {
        requests.push(wish);
        if (answer instanceof Error) throw answer;
        const header = Buffer.from(JSON.stringify(answer.facts)).toString('base64url');
        const headers = { [POD_FACTS_HEADER.toLowerCase()]: header, 'content-type': 'text/plain' };
        return Object.assign(Readable.from([Buffer.from(answer.body)]), { headers }) as unknown as IncomingMessage;
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
      principal: { keyId: 'key-1', accountId: 'acme', scopes: ['invoke'] },
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

import { FakeClock, ServiceError } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionDirectory } from '../functions/function-directory';
import { FunctionPool } from '../pool/function-pool';
import { Call, type CallRequest } from './call';
import { DispatcherInvoker } from './dispatcher-invoker';
import type { InvocationRequest } from './invoker';
import type { Outcome } from './outcome';

const STORED = {
  accountId: 'default',
  configuration: {
    FunctionName: 'f',
    Version: '$LATEST',
    Timeout: 3,
    MemorySize: 128,
    State: 'Active',
    CommitId: 'c',
    PodConcurrentQuota: 1,
  },
  concurrency: {},
} as unknown as StoredFunction;

const REQUEST: InvocationRequest = {
  accountId: 'default',
  functionName: 'f',
  qualifier: '$LATEST',
  payload: Buffer.from('{}'),
  requestId: 'request-1',
  invokeType: 'Event',
  wantsLogTail: true,
  isRecorded: false,
};

const RESULT: Outcome = { kind: 'result', contentType: 'application/json', body: Buffer.from('1'), cpuMs: 2, maxRssKb: 1024 };

function setUp(found: StoredFunction | Promise<StoredFunction> | ServiceError = STORED) {
  const clock = new FakeClock();
  const submitted: Call[] = [];
  const abandoned: Call[] = [];
  const directory: FunctionDirectory = {
    find: () => {
      if (found instanceof ServiceError) throw found;
      return found;
    },
    onChange: () => undefined,
    onVersionDeleted: () => undefined,
  };
  const owner = { onCallDeadline: () => undefined };
  const submit = (request: CallRequest): Call => {
    const account = { accountId: 'a', admitted: 0, unreserved: 0, setAside: 0, meanCallMs: undefined };
    const pool = new FunctionPool(STORED, { share: { admitted: 0, lastEnd: undefined }, account, lineLimit: 10 });
    const call = new Call(request, pool, owner, clock.monotonicMs());
    submitted.push(call);
    return call;
  };
  const invoker = new DispatcherInvoker({ clock, directory, dispatcher: { submit, abandon: (call) => void abandoned.push(call) } });
  const end = (outcome: Outcome): void => void submitted[0]?.settle(outcome, clock);
  return { invoker, submitted, abandoned, end };
}

describe('a call from within the controller', () => {
  it('returns the result with its facts', async () => {
    const { invoker, submitted, end } = setUp();
    const result = invoker.invoke(REQUEST);
    await Promise.resolve();
    expect(submitted[0]?.request).toMatchObject({ invokeType: 'Event', isRecorded: false, requestId: 'request-1' });
    end(RESULT);
    const ended = await result;
    expect(ended).toMatchObject({ kind: 'success', contentType: 'application/json', executedVersion: '$LATEST', cpuMs: 2 });
    expect(ended.logTail?.toString()).toMatch(/^START RequestId: request-1/);
  });

  it("tells a function's failure from a failure of the platform", async () => {
    const first = setUp();
    const failed = first.invoker.invoke(REQUEST);
    await Promise.resolve();
    first.end({ kind: 'function-error', errorType: 'Error', body: Buffer.from('{}'), cpuMs: undefined, maxRssKb: undefined });
    expect(await failed).toMatchObject({ kind: 'function-error', errorType: 'Error' });

    const second = setUp();
    const refused = second.invoker.invoke(REQUEST);
    await Promise.resolve();
    second.end({ kind: 'platform-error', error: new ServiceError('RUNTIME_LOST', 'lost') });
    expect(await refused).toMatchObject({ kind: 'platform-error', error: { code: 'RUNTIME_LOST' } });
  });

  it('does not reject for a function that is not there', async () => {
    const { invoker } = setUp(new ServiceError('FUNCTION_NOT_FOUND', 'f'));
    expect(await invoker.invoke(REQUEST)).toMatchObject({ kind: 'platform-error', error: { code: 'FUNCTION_NOT_FOUND' } });
  });

  it('ends at once when its signal is aborted, and tells the dispatcher', async () => {
    const { invoker, abandoned, submitted } = setUp();
    const controller = new AbortController();
    const result = invoker.invoke(REQUEST, controller.signal);
    await Promise.resolve();
    controller.abort();
    expect((await result).kind).toBe('aborted');
    expect(abandoned).toEqual(submitted);
  });

  it('does not begin when its signal is aborted while the function is looked up', async () => {
    const { invoker, submitted } = setUp(Promise.resolve(STORED));
    const controller = new AbortController();
    const result = invoker.invoke(REQUEST, controller.signal);
    controller.abort();
    expect((await result).kind).toBe('aborted');
    expect(submitted).toEqual([]);
  });

  it('does not begin when the signal was aborted before', async () => {
    const { invoker, submitted } = setUp();
    expect((await invoker.invoke(REQUEST, AbortSignal.abort())).kind).toBe('aborted');
    expect(submitted).toEqual([]);
  });
});

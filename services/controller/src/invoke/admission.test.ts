import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionShare } from '../pool/function-pool';
import { Admission } from './admission';

const stored = (accountId: string, reserved?: number): StoredFunction =>
  ({
    accountId,
    configuration: { FunctionName: 'f' },
    concurrency: reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved },
  }) as StoredFunction;
const share = (): FunctionShare => ({ admitted: 0, lastEnd: undefined });

describe('admission', () => {
  it('refuses what is over the limit of the function, and says which limit and when to come again', () => {
    const admission = new Admission(100);
    const ofFunction = share();
    expect(admission.enter(stored('a', 1), ofFunction)).toBeUndefined();
    const refusal = admission.enter(stored('a', 1), ofFunction);
    expect(refusal?.code).toBe('THROTTLED');
    expect(refusal?.headers).toEqual({ 'Retry-After': '1', Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' });
    admission.leave('a', ofFunction);
    expect(admission.enter(stored('a', 1), ofFunction)).toBeUndefined();
  });

  it('refuses everything of a function with a limit of 0', () => {
    expect(new Admission(100).enter(stored('a', 0), share())?.code).toBe('THROTTLED');
  });

  it('counts per account over all of its functions', () => {
    const admission = new Admission(2);
    admission.enter(stored('a'), share());
    admission.enter(stored('a'), share());
    expect(admission.enter(stored('a'), share())?.headers['Reason']).toBe('ConcurrentInvocationLimitExceeded');
    expect(admission.enter(stored('b'), share())).toBeUndefined();
    expect(admission.admitted).toBe(3);
  });
});

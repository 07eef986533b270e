import type { StoredFunction } from '@easyfaas/contracts/wire';
import { FunctionPool } from '../pool/function-pool';
import { type AccountShare, Admission } from './admission';

const accountShare = (accountId: string): AccountShare => ({ accountId, admitted: 0, unreserved: 0, setAside: 0, meanCallMs: undefined });

function functionOf(account: AccountShare, reserved?: number): { stored: StoredFunction; pool: FunctionPool } {
  const stored = {
    accountId: account.accountId,
    configuration: { FunctionName: 'f', CommitId: 'c', PodConcurrentQuota: 1 },
    concurrency: reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved },
  } as StoredFunction;
  const share = { admitted: 0, lastEnd: undefined };
  return { stored, pool: new FunctionPool(stored, { share, account, lineLimit: 10 }) };
}

describe('admission', () => {
  it('refuses what is over the limit of the function, and says which limit and when to come again', () => {
    const admission = new Admission(100);
    const { stored, pool } = functionOf(accountShare('a'), 1);
    expect(admission.enter(stored, pool)).toBeUndefined();
    pool.noteCallMs(4200, false);
    const refusal = admission.enter(stored, pool);
    expect(refusal?.code).toBe('THROTTLED');
    expect(refusal?.headers).toEqual({ 'Retry-After': '5', Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' });
    admission.leave(stored, pool);
    expect(admission.enter(stored, pool)).toBeUndefined();
  });

  it('refuses everything of a function with a limit of 0, and does not ask it to come again soon', () => {
    const { stored, pool } = functionOf(accountShare('a'), 0);
    const refusal = new Admission(100).enter(stored, pool);
    expect(refusal?.message).toContain('switched off');
    expect(refusal?.headers['Retry-After']).toBe('60');
  });

  it('counts per account over all of its functions', () => {
    const admission = new Admission(2);
    const account = accountShare('a');
    for (const { stored, pool } of [functionOf(account), functionOf(account)]) expect(admission.enter(stored, pool)).toBeUndefined();
    const third = functionOf(account);
    expect(admission.enter(third.stored, third.pool)?.headers['Reason']).toBe('ConcurrentInvocationLimitExceeded');
    const other = functionOf(accountShare('b'));
    expect(admission.enter(other.stored, other.pool)).toBeUndefined();
    expect(admission.admitted).toBe(3);
  });

  it('sets aside what is reserved: the others share the rest, and the reserved ones are there whatever the others do', () => {
    const admission = new Admission(10);
    const account = { ...accountShare('a'), setAside: 4 };
    const flood = functionOf(account);
    const outcomes = Array.from({ length: 12 }, () => admission.enter(flood.stored, flood.pool));
    expect(outcomes.filter((refusal) => refusal === undefined)).toHaveLength(6);
    expect(outcomes[6]?.message).toContain('10 calls at once (EASYFAAS_ACCOUNT_CONCURRENCY), 6 of them of functions without a reservation');
    const reserved = functionOf(account, 4);
    for (let n = 0; n < 4; n++) expect(admission.enter(reserved.stored, reserved.pool)).toBeUndefined();
    expect(admission.enter(reserved.stored, reserved.pool)?.headers['Reason']).toBe('ReservedFunctionConcurrentInvocationLimitExceeded');
  });

  it('gives back what a call took, also when the reservation was made or taken back meanwhile', () => {
    const admission = new Admission(10);
    const account = accountShare('a');
    const { stored, pool } = functionOf(account);
    admission.enter(stored, pool);
    admission.enter({ ...stored, concurrency: { ReservedConcurrentExecutions: 5 } }, pool);
    expect(account).toMatchObject({ admitted: 2, unreserved: 1 });
    admission.leave(stored, pool);
    admission.leave({ ...stored, concurrency: { ReservedConcurrentExecutions: 5 } }, pool);
    expect(account).toMatchObject({ admitted: 0, unreserved: 0 });
    expect(pool.share.admitted).toBe(0);
  });
});

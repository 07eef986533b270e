import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { PoolContainer } from '../pool-reader';
import { openfaasView } from './openfaas-view';

const stored = {
  accountId: 'a',
  configuration: { FunctionName: 'f', Runtime: 'nodejs20', Description: '', Tags: {} },
} as StoredFunction;
const container = (state: string, phase?: string, functionName = 'f'): PoolContainer =>
  ({ state, ...(phase === undefined ? {} : { phase }), assignment: { accountId: 'a', functionName } }) as PoolContainer;
const replicas = (...containers: PoolContainer[]): unknown[] => {
  const view = openfaasView(stored, { calls: new Map(), containers, imageOf: () => 'image' });
  return [view['replicas'], view['availableReplicas']];
};

describe("the replicas of a function in OpenFaaS's words", () => {
  it('are its containers: the ones that take calls are available, those that are being made count too', () => {
    expect(replicas(container('warm', 'warm'), container('paused', 'paused'), container('warming', 'warming'))).toEqual([3, 2]);
    expect(replicas(container('warm', 'warm', 'other'), container('resetting', 'resetting'))).toEqual([0, 0]);
  });

  it('are available from the first answer on, also while the funclet has not heard of it', () => {
    expect(replicas(container('warming', 'loading'))).toEqual([1, 0]);
    expect(replicas(container('warming', 'warm'))).toEqual([1, 1]);
  });

  it('go by what the funclet says where the controller says nothing', () => {
    expect(replicas(container('warm'))).toEqual([1, 1]);
  });
});

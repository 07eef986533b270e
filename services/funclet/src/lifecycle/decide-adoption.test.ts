import type { ContainerState } from '@easyfaas/contracts/wire';
import type { EngineContainer } from '../engine/container-engine';
import type { ContainerRecord } from './container-record';
import { decideAdoption } from './decide-adoption';

const container = (status: EngineContainer['status'] = 'running'): EngineContainer => ({
  dockerId: 'd1',
  imageId: 'i1',
  labels: {},
  status,
});
const record = (state: ContainerState, mountMode: 'bind' | 'hardlink' = 'bind'): ContainerRecord => ({
  view: {
    containerId: 'aaaaaaaaaaaa',
    revision: 1,
    state,
    reason: 'r',
    runtime: 'nodejs20',
    network: 'none',
    memoryMb: 128,
    classMb: 128,
    socketDirectory: '/s',
    token: 't',
    dockerId: 'd1',
    createdAtMs: 1,
    stateSinceMs: 1,
    history: [],
  },
  operations: {},
  mountMode,
});

describe('whether a container is adopted', () => {
  it.each<[ContainerState, boolean, boolean]>([
    ['creating', false, true],
    ['creating', true, false],
    ['cold', false, true],
    ['cold', true, false],
    ['warming', true, true],
    ['warming', false, false],
    ['warm', true, true],
    ['warm', false, false],
    ['paused', true, true],
    ['paused', false, false],
    ['resetting', false, false],
    ['gone', false, false],
  ])('in state %s with code mounted: %s -> %s', (state, hasCode, adopts) => {
    expect(decideAdoption({ record: record(state), container: container(), mountMode: 'bind', hasCode, currentImageId: 'i1' }).adopt).toBe(
      adopts,
    );
  });

  it('a paused one counts as running, a created or ended one does not', () => {
    const decide = (status: EngineContainer['status']): boolean =>
      decideAdoption({ record: record('warm'), container: container(status), mountMode: 'bind', hasCode: true, currentImageId: 'i1' })
        .adopt;
    expect((['paused', 'created', 'ended'] as const).map(decide)).toEqual([true, false, false]);
  });

  it('after an upgrade of its image only while it serves a function, and in any case while that image is missing', () => {
    const decide = (state: ContainerState, currentImageId: string | undefined): boolean =>
      decideAdoption({ record: record(state), container: container(), mountMode: 'bind', hasCode: state === 'warm', currentImageId }).adopt;
    expect([decide('cold', 'i2'), decide('creating', 'i2'), decide('warm', 'i2')]).toEqual([false, false, true]);
    expect(decide('cold', undefined)).toBe(true);
  });

  it('is refused without a record, for another container’s record, and in another mount mode', () => {
    const facts = { container: container(), mountMode: 'bind' as const, hasCode: false, currentImageId: 'i1' };
    expect(decideAdoption({ ...facts, record: undefined }).adopt).toBe(false);
    expect(decideAdoption({ ...facts, record: record('cold'), container: { ...container(), dockerId: 'd2' } }).adopt).toBe(false);
    expect(decideAdoption({ ...facts, record: record('cold', 'hardlink') }).adopt).toBe(false);
  });
});

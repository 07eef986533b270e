import { type EndingFacts, endings } from './endings';

const facts = (more: Partial<EndingFacts>): EndingFacts => ({
  containerId: 'c',
  phase: 'warm',
  inFlight: 0,
  shelf: 'a',
  inPhaseMs: 0,
  unusedMs: 0,
  ageMs: 0,
  isRetired: false,
  isKept: false,
  ...more,
});
const rules = { idleTimeoutMs: 300_000, maxAgeMs: 3_600_000, targets: new Map([['a', 1]]) };
const reasons = (...containers: EndingFacts[]): string[] => endings(containers, rules).map(({ reason }) => reason);

describe('containers whose time has come', () => {
  it('are those idle for too long', () => {
    expect(reasons(facts({ unusedMs: 300_001 }))).toEqual(['idle for 300 s']);
    expect(reasons(facts({ unusedMs: 299_000 }))).toEqual([]);
    expect(reasons(facts({ unusedMs: 300_001, inFlight: 1 }))).toEqual([]);
  });

  it('are not those that are kept warm on purpose', () => {
    expect(reasons(facts({ unusedMs: 1e9, isKept: true }))).toEqual([]);
    expect(reasons(facts({ unusedMs: 1e9, isKept: true, isRetired: true }))).toEqual(['version changed']);
  });

  it('are those of an old commit, once nothing runs in them', () => {
    expect(reasons(facts({ isRetired: true }))).toEqual(['version changed']);
    expect(reasons(facts({ isRetired: true, inFlight: 1 }))).toEqual([]);
  });

  it('are those whose processes never came', () => {
    expect(reasons(facts({ phase: 'attaching', inPhaseMs: 20_001 }))).toEqual(['did not attach within 20 s']);
    expect(reasons(facts({ phase: 'attaching', inPhaseMs: 1000 }))).toEqual([]);
  });

  it('are surplus cold ones after a while, but never the minimum', () => {
    const old = { phase: 'cold', inPhaseMs: 300_001 } as const;
    expect(reasons(facts(old))).toEqual([]);
    expect(reasons(facts({ ...old, containerId: 'x' }), facts({ ...old, containerId: 'y' }))).toEqual(['surplus']);
  });

  it('are those that are too old; calls in them finish first', () => {
    const old = { containerId: '00c', ageMs: 3_600_001 };
    const steps = endings([facts(old), facts({ ...old, inFlight: 1 }), facts({ ...old, ageMs: 3_599_000 })], rules);
    expect(steps.map(({ do: how, lastEnd, reason }) => ({ how, lastEnd, reason }))).toEqual([
      { how: 'reset', lastEnd: 'max age', reason: '3600 s old' },
      { how: 'drain', lastEnd: 'max age', reason: '3600 s old' },
    ]);
    expect(endings([facts({ ageMs: 1e12 })], { ...rules, maxAgeMs: Infinity })).toEqual([]);
  });

  it('do not all become too old at one moment', () => {
    const burst = ['00', '40', '80', 'c0', 'ff'].map((containerId) => facts({ containerId, ageMs: 3_400_000 }));
    expect(endings(burst, rules).map(({ containerId }) => containerId)).toEqual(['c0', 'ff']);
  });

  it('are not asked to go twice', () => {
    expect(reasons(facts({ phase: 'resetting', unusedMs: 1e9 }))).toEqual([]);
  });
});

import { FAKE_FACTS } from './engine/testing/fake-engine';
import { preflight } from './preflight';

describe('the preflight', () => {
  it('has nothing to say about a current engine', () => {
    expect(preflight(FAKE_FACTS)).toEqual({ problems: [], warnings: [] });
  });

  it('refuses an engine without seccomp, memory limits or process limits', () => {
    expect(preflight({ ...FAKE_FACTS, hasSeccomp: false }).problems).toHaveLength(1);
    expect(preflight({ ...FAKE_FACTS, canLimit: { memory: false, swap: true, pids: false } }).problems).toHaveLength(2);
  });

  it('warns of missing swap accounting', () => {
    expect(preflight({ ...FAKE_FACTS, canLimit: { memory: true, swap: false, pids: true } }).warnings).toHaveLength(1);
  });

  it.each([
    ['20.10.24+dfsg1', true],
    ['29.5.0', true],
    ['29.5.1', false],
    ['30.0.0-rc1', false],
  ])('of engine %s: warns is %s', (version, warns) => {
    expect(preflight({ ...FAKE_FACTS, version }).warnings.length > 0).toBe(warns);
  });

  it.each([
    ['1.1.5+ds1', true],
    ['1.2.7', true],
    ['1.2.8', false],
    ['1.3.2', true],
    ['1.3.3', false],
    ['1.4.0', false],
    ['', true],
  ])('of runc "%s": warns is %s', (runcVersion, warns) => {
    expect(preflight({ ...FAKE_FACTS, runcVersion }).warnings.length > 0).toBe(warns);
  });
});

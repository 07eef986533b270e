import { type SignsOfLife, isRuntimeAsked, judgeSilence, silenceLimitMs } from './judge-silence';

const signs = (more: Partial<SignsOfLife>): SignsOfLife => ({
  phase: 'warm',
  state: 'warm',
  inFlight: 0,
  runnerSilentMs: 0,
  runtimeSilentMs: 0,
  runtimeRanMs: 0,
  isRuntimeStill: false,
  stoppedAnswers: 0,
  ...more,
});
const LIMIT_MS = silenceLimitMs(2);

describe('a silent container', () => {
  it('has to go, busy or not, when its supervisor is silent for more than a second and a half', () => {
    for (const inFlight of [0, 3]) {
      expect(judgeSilence(signs({ runnerSilentMs: 1600, inFlight }), LIMIT_MS)).toBe('unhealthy: the runner was silent for 1.6 s');
      expect(judgeSilence(signs({ runnerSilentMs: 800, inFlight }), LIMIT_MS)).toBeUndefined();
    }
    expect(judgeSilence(signs({ phase: 'cold', state: 'cold', runnerSilentMs: 1600 }), LIMIT_MS)).toBeDefined();
  });

  it('is left alone while it is frozen, on its way in, or on its way out', () => {
    const deaf = { runnerSilentMs: 60_000, runtimeSilentMs: 60_000 };
    expect(judgeSilence(signs({ state: 'paused', ...deaf }), LIMIT_MS)).toBeUndefined();
    expect(judgeSilence(signs({ phase: 'paused', ...deaf }), LIMIT_MS)).toBeUndefined();
    expect(judgeSilence(signs({ phase: 'attaching', state: 'creating', runnerSilentMs: 60_000 }), LIMIT_MS)).toBeUndefined();
    expect(judgeSilence(signs({ phase: 'resetting', runnerSilentMs: 60_000 }), LIMIT_MS)).toBeUndefined();
  });

  it('has to go when its runtime is stuck between calls', () => {
    const stuck = 'unhealthy: the runtime process did not answer for 4.0 s, without a call in it';
    expect(judgeSilence(signs({ runtimeSilentMs: 4000 }), LIMIT_MS)).toBe(stuck);
    expect(judgeSilence(signs({ runtimeSilentMs: 2000 }), LIMIT_MS)).toBeUndefined();
  });

  it('has to go sooner when its runtime sleeps in spite of our question', () => {
    const still = 'unhealthy: the runtime process stood still for 1.2 s, without a call in it';
    expect(judgeSilence(signs({ runtimeSilentMs: 1200, isRuntimeStill: true }), LIMIT_MS)).toBe(still);
    expect(judgeSilence(signs({ runtimeSilentMs: 600, isRuntimeStill: true }), LIMIT_MS)).toBeUndefined();
    expect(judgeSilence(signs({ runtimeSilentMs: 1200, isRuntimeStill: true, inFlight: 1 }), LIMIT_MS)).toBeUndefined();
    expect(judgeSilence(signs({ runtimeSilentMs: 1200, isRuntimeStill: true }), silenceLimitMs(400))).toBeUndefined();
  });

  it('has to go sooner when its runtime has had the processor for all that time', () => {
    const spinning = 'unhealthy: the runtime process did nothing but run for 1.2 s, without a call in it';
    expect(judgeSilence(signs({ runtimeSilentMs: 1200, runtimeRanMs: 600 }), LIMIT_MS)).toBe(spinning);
    expect(judgeSilence(signs({ runtimeSilentMs: 600, runtimeRanMs: 600 }), LIMIT_MS)).toBeUndefined();
  });

  it('is not taken for spinning while it is starved, or busy with a call', () => {
    expect(judgeSilence(signs({ runtimeSilentMs: 2700, runtimeRanMs: 60 }), LIMIT_MS)).toBeUndefined();
    expect(judgeSilence(signs({ runtimeSilentMs: 2700, runtimeRanMs: 2700, inFlight: 1 }), LIMIT_MS)).toBeUndefined();
    expect(judgeSilence(signs({ runtimeSilentMs: 1200, runtimeRanMs: 600 }), silenceLimitMs(400))).toBeUndefined();
  });

  it('has to go when a signal has stopped its runtime between calls, and has not let it go on by the next look', () => {
    const stopped = 'unhealthy: the runtime process was stopped by a signal, without a call in it';
    expect(judgeSilence(signs({ stoppedAnswers: 3 }), LIMIT_MS)).toBe(stopped);
    expect(judgeSilence(signs({ stoppedAnswers: 2 }), LIMIT_MS)).toBeUndefined();
    expect(judgeSilence(signs({ stoppedAnswers: 9, inFlight: 1 }), LIMIT_MS)).toBeUndefined();
  });

  it('may have a runtime that is busy with a call, or with loading', () => {
    expect(judgeSilence(signs({ runtimeSilentMs: 60_000, inFlight: 1 }), LIMIT_MS)).toBeUndefined();
    expect(judgeSilence(signs({ runtimeSilentMs: 9000, phase: 'loading', state: 'warming' }), LIMIT_MS)).toBeUndefined();
    expect(isRuntimeAsked({ phase: 'draining', inFlight: 0 })).toBe(false);
  });

  it('gets more time on a machine that is slow for everybody, but not for ever', () => {
    expect(silenceLimitMs(400)).toBe(3200);
    expect(silenceLimitMs(60_000)).toBe(10_000);
  });
});

import { decide, INITIAL_STATE, type RunnerEvent, type RunnerState, type RunnerStep } from './runner-machine';

/** Feeds events in order; what was done is per event. */
function play(...events: RunnerEvent[]): { state: RunnerState; steps: RunnerStep['do'][][]; last: RunnerStep[] } {
  let state = INITIAL_STATE;
  const all: RunnerStep[][] = [];
  for (const event of events) {
    const next = decide(state, event);
    state = next.state;
    all.push(next.steps);
  }
  return { state, steps: all.map((steps) => steps.map((step) => step.do)), last: all.at(-1) ?? [] };
}

const ended = (code: number | null, signal: string | null = null, oom = false): RunnerEvent => ({ type: 'ended', code, signal, oom });

describe('the runner’s decisions', () => {
  it('starts the runtime once', () => {
    expect(play({ type: 'start' }, { type: 'start' }).steps).toEqual([['start-runtime'], []]);
  });

  it('tells an exit of the runtime’s own, cleans up what it left, and starts nothing', () => {
    const { last, state } = play({ type: 'start' }, ended(3));
    expect(last).toEqual([{ do: 'kill-all' }, { do: 'send-exit', exit: { code: 3, signal: null, oom: false, killed: false } }]);
    expect(state.phase).toBe('ended');
  });

  it('tells an exit for want of memory', () => {
    expect(play({ type: 'start' }, ended(null, 'SIGKILL', true)).last[1]).toMatchObject({ exit: { oom: true, killed: false } });
  });

  it('tells an exit again to whoever attaches later', () => {
    const { last } = play({ type: 'start' }, ended(3), { type: 'attached' });
    expect(last).toEqual([{ do: 'send-exit', exit: { code: 3, signal: null, oom: false, killed: false } }]);
  });

  it('has nothing to tell while the runtime runs', () => {
    expect(play({ type: 'start' }, { type: 'attached' }).last).toEqual([]);
  });

  it('says of a kill that it was one', () => {
    const { steps, last } = play({ type: 'start' }, { type: 'kill' }, ended(null, 'SIGKILL'));
    expect(steps[1]).toEqual(['kill-all']);
    expect(last[1]).toMatchObject({ exit: { signal: 'SIGKILL', killed: true } });
  });

  it('kills again when asked again: a fork may have escaped the first', () => {
    expect(play({ type: 'start' }, { type: 'kill' }, { type: 'kill' }, ended(null, 'SIGKILL'), { type: 'kill' }).steps.map(String)).toEqual(
      ['start-runtime', 'kill-all', 'kill-all', 'kill-all,send-exit', 'kill-all'],
    );
  });

  it('restarts with the environment that was sent', () => {
    const { steps, last, state } = play({ type: 'start' }, { type: 'restart', env: { A: '1' } }, ended(null, 'SIGKILL'));
    expect(steps[1]).toEqual(['kill-all']);
    expect(last).toEqual([
      { do: 'send-exit', exit: { code: null, signal: 'SIGKILL', oom: false, killed: true } },
      { do: 'start-runtime', env: { A: '1' } },
    ]);
    expect(state.phase).toBe('running');
  });

  it('lets a kill win over a restart that is under way', () => {
    const { last, state } = play({ type: 'start' }, { type: 'restart', env: {} }, { type: 'kill' }, ended(null, 'SIGKILL'));
    expect(last.map((step) => step.do)).toEqual(['kill-all', 'send-exit']);
    expect(state.phase).toBe('ended');
  });

  it('restarts nothing that has ended or is being killed', () => {
    const restart: RunnerEvent = { type: 'restart', env: {} };
    expect(play({ type: 'start' }, ended(0), restart).last).toEqual([]);
    expect(play({ type: 'start' }, { type: 'kill' }, restart).last).toEqual([]);
  });

  it('on stop kills, tells, and then ends itself', () => {
    const { steps } = play({ type: 'start' }, { type: 'stop' }, ended(null, 'SIGKILL'));
    expect(steps.slice(1)).toEqual([['kill-all'], ['send-exit', 'end-runner']]);
  });

  it('on stop ends at once when there is no runtime any more', () => {
    expect(play({ type: 'start' }, ended(0), { type: 'stop' }).last.map((step) => step.do)).toEqual(['kill-all', 'end-runner']);
    expect(play({ type: 'stop' }).last.map((step) => step.do)).toEqual(['kill-all', 'end-runner']);
  });
});

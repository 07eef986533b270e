import type { ExitHeader } from '@easyfaas/contracts/wire';

/**
 * What the runner does about its runtime process, decided without doing it.
 *
 *     running --kill--> ending --ended--> ended          the container is reset by its owner; nothing is started again
 *     running --restart--> restarting --ended--> running
 *     running --ended--> ended
 *     any     --stop--> stopping --ended--> process exit
 *
 * An exit is told to the controller once per connection, so that it is not lost when the runtime ends while nobody
 * listens.
 */
export interface RunnerState {
  phase: 'idle' | 'running' | 'ending' | 'restarting' | 'stopping' | 'ended';
  /** Environment that RESTART added, for the next start. */
  restartEnv: Record<string, string>;
  /** How the last runtime process ended. */
  exit?: ExitHeader;
}

export type RunnerEvent =
  | { type: 'start' }
  | { type: 'attached' }
  | { type: 'kill' }
  | { type: 'restart'; env: Record<string, string> }
  | { type: 'ended'; code: number | null; signal: string | null; oom: boolean }
  | { type: 'stop' };

export type RunnerStep =
  | { do: 'start-runtime'; env: Record<string, string> }
  /** End the runtime's process group and every stray process of the container. */
  | { do: 'kill-all' }
  | { do: 'send-exit'; exit: ExitHeader }
  | { do: 'end-runner' };

export const INITIAL_STATE: RunnerState = { phase: 'idle', restartEnv: {} };

/** Pure: the next state and the steps to take, in order. */
export function decide(state: RunnerState, event: RunnerEvent): { state: RunnerState; steps: RunnerStep[] } {
  const stay = { state, steps: [] };
  switch (event.type) {
    case 'start':
      if (state.phase !== 'idle') return stay;
      return { state: { ...state, phase: 'running' }, steps: [{ do: 'start-runtime', env: state.restartEnv }] };
    case 'attached':
      return state.phase === 'ended' && state.exit ? { state, steps: [{ do: 'send-exit', exit: state.exit }] } : stay;
    case 'kill':
      // Also when it has ended or is ending: a child that was just forked may have escaped the first signal.
      if (state.phase === 'running' || state.phase === 'restarting')
        return { state: { ...state, phase: 'ending' }, steps: [{ do: 'kill-all' }] };
      return { state, steps: state.phase === 'idle' ? [] : [{ do: 'kill-all' }] };
    case 'restart':
      if (state.phase !== 'running') return stay;
      return { state: { ...state, phase: 'restarting', restartEnv: event.env }, steps: [{ do: 'kill-all' }] };
    case 'stop':
      if (state.phase === 'idle' || state.phase === 'ended')
        return { state: { ...state, phase: 'stopping' }, steps: [{ do: 'kill-all' }, { do: 'end-runner' }] };
      return { state: { ...state, phase: 'stopping' }, steps: [{ do: 'kill-all' }] };
    case 'ended':
      return onEnded(state, event);
  }
}

function onEnded(
  state: RunnerState,
  event: { code: number | null; signal: string | null; oom: boolean },
): { state: RunnerState; steps: RunnerStep[] } {
  const killed = state.phase === 'ending' || state.phase === 'restarting' || state.phase === 'stopping';
  const exit: ExitHeader = { code: event.code, signal: event.signal, oom: event.oom, killed };
  const tell: RunnerStep = { do: 'send-exit', exit };
  if (state.phase === 'restarting') {
    return { state: { ...state, phase: 'running' }, steps: [tell, { do: 'start-runtime', env: state.restartEnv }] };
  }
  if (state.phase === 'stopping') return { state: { ...state, exit }, steps: [tell, { do: 'end-runner' }] };
  // Whatever it left behind belongs to no call any more.
  return { state: { ...state, phase: 'ended', exit }, steps: [{ do: 'kill-all' }, tell] };
}

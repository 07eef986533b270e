import { useState } from 'preact/hooks';
import type { Api } from '../api/api';
import { useShared } from './context';

export interface Action<A extends unknown[]> {
  run: (...given: A) => void;
  isBusy: boolean;
  error: unknown;
}

/**
 * Something that changes things, one at a time.
 * @param act says in words what it has done, or nothing when that is seen anyway
 */
export function useAction<A extends unknown[]>(act: (api: Api, ...given: A) => Promise<string | undefined>): Action<A> {
  const { api, announce } = useShared();
  const [state, setState] = useState<{ isBusy: boolean; error: unknown }>({ isBusy: false, error: undefined });
  const run = (...given: A): void => {
    if (state.isBusy) return;
    setState({ isBusy: true, error: undefined });
    act(api, ...given).then(
      (words) => {
        setState({ isBusy: false, error: undefined });
        if (words !== undefined) announce(words);
      },
      (error: unknown) => setState({ isBusy: false, error }),
    );
  };
  return { run, ...state };
}

import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Api } from '../api/api';
import { useShared } from './context';

export interface Loaded<T> {
  /** Of the load before, while the next one is under way. */
  data: T | undefined;
  error: unknown;
  isLoading: boolean;
  reload: () => void;
}

/** Asks when it is first shown, when a dependency changes, and when told to; what is asked for no more is cancelled. */
export function useLoad<T>(load: (api: Api, signal: AbortSignal) => Promise<T>, dependencies: readonly unknown[]): Loaded<T> {
  const { api } = useShared();
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({ data: undefined, error: undefined, isLoading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const aborter = new AbortController();
    setState(({ data }) => ({ data, error: undefined, isLoading: true }));
    load(api, aborter.signal).then(
      (data) => {
        if (!aborter.signal.aborted) setState({ data, error: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (!aborter.signal.aborted) setState(({ data }) => ({ data, error, isLoading: false }));
      },
    );
    return () => aborter.abort();
  }, [api, turn, ...dependencies]);
  return { ...state, reload: useCallback(() => setTurn((before) => before + 1), []) };
}

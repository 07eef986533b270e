import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../api/api-error';
import { EventStreamParser } from '../api/event-stream';
import { textParts } from '../api/text-parts';
import { NO_POOL, type PoolState, lost, opened, received } from '../pool/pool-state';
import { useShared } from './context';

const RECONNECT_MS = 1000;
/** The controller says something every 10 s; whoever says nothing for so long is gone without a word. */
const SILENCE_MS = 30_000;

/** The pool as it changes, for as long as it is shown; the stream is opened again when it breaks. */
export function usePool(): PoolState & { error: unknown } {
  const { api } = useShared();
  const [state, setState] = useState<PoolState>(NO_POOL);
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => {
    const aborter = new AbortController();
    const { signal } = aborter;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = async (): Promise<void> => {
      const silence = new AbortController();
      const response = await api.send('GET', '/v1/pool?watch', { signal: AbortSignal.any([signal, silence.signal]) });
      const parser = new EventStreamParser();
      setState(opened);
      setError(undefined);
      const givesUp = (): ReturnType<typeof setTimeout> =>
        setTimeout(() => silence.abort(new Error('nothing was heard for 30 s')), SILENCE_MS);
      let wait = givesUp();
      try {
        for await (const part of textParts(response)) {
          clearTimeout(wait);
          wait = givesUp();
          const events = parser.push(part);
          if (events.length > 0) setState((before) => received(before, events));
        }
      } finally {
        clearTimeout(wait);
      }
    };
    const again = (failure?: unknown): void => {
      if (signal.aborted) return;
      setState(lost);
      setError(failure);
      // Who may not see it now may not see it in a second either.
      if (failure instanceof ApiError && (failure.status === 401 || failure.status === 403)) return;
      timer = setTimeout(() => void follow().then(() => again(), again), RECONNECT_MS);
    };
    follow().then(() => again(), again);
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [api]);
  return { ...state, error };
}

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Api } from '../api/api';
import { useShared } from './context';

export interface Page<T> {
  items: T[];
  nextMarker: string | undefined;
}

export interface Pages<T> {
  items: T[] | undefined;
  error: unknown;
  isLoading: boolean;
  hasMore: boolean;
  more: () => void;
  reload: () => void;
}

interface Wanted {
  turn: number;
  marker: string | undefined;
}

/** A list that comes in pages: the first at once, further ones when asked for. */
export function usePages<T>(
  load: (api: Api, marker: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
  dependencies: readonly unknown[],
): Pages<T> {
  const { api } = useShared();
  const [wanted, setWanted] = useState<Wanted>({ turn: 0, marker: undefined });
  const [state, setState] = useState<{ page: Page<T> | undefined; error: unknown; isLoading: boolean }>({
    page: undefined,
    error: undefined,
    isLoading: true,
  });
  const reload = (): void => setWanted(({ turn }) => ({ turn: turn + 1, marker: undefined }));
  useEffect(() => {
    const aborter = new AbortController();
    setState((before) => ({ ...before, error: undefined, isLoading: true }));
    load(api, wanted.marker, aborter.signal).then(
      (next) => {
        if (aborter.signal.aborted) return;
        setState(({ page }) => ({
          page: wanted.marker === undefined ? next : { ...next, items: [...(page?.items ?? []), ...next.items] },
          error: undefined,
          isLoading: false,
        }));
      },
      (error: unknown) => {
        if (!aborter.signal.aborted) setState((before) => ({ ...before, error, isLoading: false }));
      },
    );
    return () => aborter.abort();
  }, [api, wanted]);
  const isFirst = useRef(true);
  useEffect(() => {
    // The first time the list is loaded anyway; what comes late of it is not what is wanted by now.
    if (!isFirst.current) reload();
    isFirst.current = false;
  }, dependencies);
  return {
    items: state.page?.items,
    error: state.error,
    isLoading: state.isLoading,
    hasMore: state.page?.nextMarker !== undefined,
    more: () => setWanted(({ turn }) => ({ turn: turn + 1, marker: state.page?.nextMarker })),
    reload,
  };
}

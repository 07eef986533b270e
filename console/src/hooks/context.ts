import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Api } from '../api/api';

export interface Shared {
  api: Api;
  /** Told to who does not see the page, and shown at its foot. */
  announce: (text: string) => void;
}

export const SharedContext = createContext<Shared | undefined>(undefined);

/** @throws Error outside of the signed-in part: a bug */
export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (shared === undefined) throw new Error('Nobody is signed in.');
  return shared;
}

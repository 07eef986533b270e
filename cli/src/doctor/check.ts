/** What one look at one thing found. */
export interface Finding {
  what: string;
  state: 'good' | 'doubtful' | 'bad' | 'not looked at';
  /** What was seen. */
  seen: string;
  /** How to mend it; only when it is not good. */
  remedy?: string;
}

export const good = (what: string, seen: string): Finding => ({ what, state: 'good', seen });
export const bad = (what: string, seen: string, remedy: string): Finding => ({ what, state: 'bad', seen, remedy });
export const doubtful = (what: string, seen: string, remedy: string): Finding => ({ what, state: 'doubtful', seen, remedy });

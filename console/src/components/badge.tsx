const KINDS: Readonly<Record<string, 'good' | 'busy' | 'bad'>> = {
  Active: 'good',
  Successful: 'good',
  succeeded: 'good',
  active: 'good',
  warm: 'good',
  delivered: 'good',
  success: 'good',
  live: 'good',
  Pending: 'busy',
  InProgress: 'busy',
  accepted: 'busy',
  running: 'busy',
  pending: 'busy',
  warming: 'busy',
  loading: 'busy',
  attaching: 'busy',
  creating: 'busy',
  draining: 'busy',
  resetting: 'busy',
  connecting: 'busy',
  Failed: 'bad',
  failed: 'bad',
  error: 'bad',
  throttled: 'bad',
  expired: 'bad',
  lost: 'bad',
};

/** A state by its word; the colour only repeats it. */
export function Badge({ state }: { state: string }) {
  return <span class={`badge ${KINDS[state] ?? ''}`}>{state}</span>;
}

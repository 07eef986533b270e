import { relativeTime } from '../format/figures';
import { useNow } from '../hooks/use-now';

const EVERY_MS = 5000;

/** A time as it is from now; the time itself when it is pointed at. */
export function Ago({ at }: { at: string | number }) {
  const nowMs = useNow(EVERY_MS);
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{String(at)}</span>;
  return (
    <time dateTime={date.toISOString()} title={date.toISOString()}>
      {relativeTime(date.getTime(), nowMs)}
    </time>
  );
}

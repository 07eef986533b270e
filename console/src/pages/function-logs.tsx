import { useEffect, useState } from 'preact/hooks';
import { apiPath } from '../api/api';
import { ApiError } from '../api/api-error';
import { LineParser } from '../api/event-stream';
import { textParts } from '../api/text-parts';
import { Ago } from '../components/ago';
import { Badge } from '../components/badge';
import { RequestLink } from '../components/links';
import { EmptyState, ErrorNote, Loading } from '../components/notes';
import { visibleText } from '../format/visible-text';
import { useShared } from '../hooks/context';

/** One call and what it printed last. */
interface LogLine {
  requestId: string;
  startedAt: string;
  status: string;
  logTail?: string;
}

const TAIL = '50';
/** Older ones leave the page. */
const KEPT = 200;

/** What calls printed, newest first, as it comes. */
export function FunctionLogs({ name }: { name: string }) {
  const { api } = useShared();
  const [lines, setLines] = useState<LogLine[] | undefined>(undefined);
  const [isFollowed, setIsFollowed] = useState(true);
  const [error, setError] = useState<unknown>(undefined);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const aborter = new AbortController();
    const { signal } = aborter;
    const read = async (): Promise<void> => {
      const query = { tail: TAIL, follow: String(isFollowed) };
      const response = await api.send('GET', apiPath(['functions', name, 'logs'], query), { signal });
      setLines([]);
      const parser = new LineParser();
      for await (const part of textParts(response)) {
        const told = parser.push(part).map((line) => JSON.parse(line) as LogLine);
        setLines((before = []) => [...told.reverse(), ...before].slice(0, KEPT));
      }
      if (isFollowed) throw new ApiError('The stream has ended.', { status: 0 });
    };
    setError(undefined);
    read().catch((failure: unknown) => {
      if (!signal.aborted) setError(failure);
    });
    return () => aborter.abort();
  }, [api, name, isFollowed, turn]);
  return (
    <>
      <div class="choices">
        <label>
          <input type="checkbox" checked={isFollowed} onChange={(event) => setIsFollowed(event.currentTarget.checked)} />
          Show new ones as they come
        </label>
      </div>
      <ErrorNote error={error} retry={() => setTurn(turn + 1)} />
      {lines === undefined && error === undefined ? <Loading /> : null}
      {lines?.length === 0 ? <EmptyState title="No call is on record yet." command={`./easyfaas logs ${name} -f`} /> : null}
      <ol class="logs" aria-label="Calls, newest first">
        {lines?.map(({ requestId, startedAt, status, logTail = '' }) => (
          <li key={requestId}>
            <p>
              <RequestLink requestId={requestId} /> <Badge state={status} /> <Ago at={startedAt} />
            </p>
            {logTail === '' ? <p class="faint">It printed nothing.</p> : <pre tabIndex={0}>{visibleText(logTail)}</pre>}
          </li>
        ))}
      </ol>
    </>
  );
}

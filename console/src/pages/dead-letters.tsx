import { apiPath } from '../api/api';
import type { DeadLetterList } from '../api/views';
import { Ago } from '../components/ago';
import { ConfirmButton } from '../components/confirm-button';
import { RequestLink } from '../components/links';
import { MoreButton } from '../components/more-button';
import { EmptyState, ErrorNote, Loading } from '../components/notes';
import { Table } from '../components/table';
import { counted } from '../format/figures';
import { visibleText } from '../format/visible-text';
import { useAction } from '../hooks/use-action';
import { usePages } from '../hooks/use-pages';

interface Redriven {
  redriven: unknown[];
  refused: { message: string }[];
  hasMore: boolean;
}

/** Events of a function that failed for good. */
export function DeadLetters({ name }: { name: string }) {
  const path = ['functions', name, 'dead-letters'];
  const pages = usePages(
    async (api, marker, signal) => {
      const { deadLetters, nextMarker } = await api.get<DeadLetterList>(apiPath(path, { marker, limit: '50' }), signal);
      return { items: deadLetters, nextMarker };
    },
    [name],
  );
  const { items, error, isLoading, reload } = pages;
  const redriveAll = useAction(async (api) => {
    const { redriven, refused, hasMore } = await api.json<Redriven>('POST', apiPath([...path, 'redrive']), { json: { all: true } });
    reload();
    const words = `${counted(redriven.length, 'event')} run again, ${refused.length} refused${hasMore ? '; there are more' : ''}.`;
    return refused[0] === undefined ? words : `${words} ${refused[0].message}`;
  });
  const redrive = useAction(async (api, requestId: string) => {
    const made = await api.json<{ requestId: string }>('POST', apiPath([...path, requestId, 'redrive']));
    reload();
    return `The event runs again, as ${made.requestId}.`;
  });
  const drop = useAction(async (api, requestId: string | undefined) => {
    await api.json('DELETE', requestId === undefined ? apiPath(path, { all: 'true' }) : apiPath([...path, requestId]));
    reload();
    return requestId === undefined ? 'All are dropped.' : 'The event is dropped.';
  });
  return (
    <>
      <ErrorNote error={error} retry={reload} />
      <ErrorNote error={redrive.error ?? redriveAll.error ?? drop.error} />
      {items === undefined && isLoading ? <Loading /> : null}
      {items?.length === 0 ? (
        <EmptyState title="There are no dead letters." command={`./easyfaas dead-letters ${name}`}>
          <p>An event that fails after all its tries, or gets too old, is kept here with its payload.</p>
        </EmptyState>
      ) : null}
      {items === undefined || items.length === 0 ? null : (
        <>
          <div class="buttons">
            <button type="button" onClick={() => redriveAll.run()} disabled={redriveAll.isBusy}>
              Redrive all
            </button>
            <button type="button" onClick={reload} disabled={isLoading}>
              Refresh
            </button>
            <ConfirmButton
              label="Drop all"
              question={`Drop all dead letters of ${name} with their payloads? It cannot be undone.`}
              onConfirm={() => drop.run(undefined)}
            />
          </div>
          <Table label="Dead letters" columns={['Request', 'Ended', 'Tries', 'Why', 'Error', 'Actions']}>
            {items.map(({ requestId, endedAt, startedAt, attemptCount, condition, errorType, errorMessage }) => (
              <tr key={requestId}>
                <td>
                  <RequestLink requestId={requestId} />
                </td>
                <td>
                  <Ago at={endedAt ?? startedAt} />
                </td>
                <td class="figure">{attemptCount}</td>
                <td>{visibleText(condition ?? '')}</td>
                <td class="clip">{visibleText([errorType, errorMessage].filter(Boolean).join(': '))}</td>
                <td class="actions">
                  <button
                    type="button"
                    onClick={() => redrive.run(requestId)}
                    disabled={redrive.isBusy}
                    aria-label={`Redrive ${requestId}`}
                  >
                    Redrive
                  </button>
                  <ConfirmButton
                    label="Drop"
                    question="Drop this event with its payload? It cannot be undone."
                    onConfirm={() => drop.run(requestId)}
                  />
                </td>
              </tr>
            ))}
          </Table>
          <MoreButton pages={pages} />
        </>
      )}
    </>
  );
}

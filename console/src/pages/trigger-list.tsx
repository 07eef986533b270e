import type { TriggerView } from '@easyfaas/contracts/wire';
import { apiPath } from '../api/api';
import type { TriggerList as List } from '../api/views';
import { Ago } from '../components/ago';
import { Badge } from '../components/badge';
import { FunctionLink } from '../components/links';
import { MoreButton } from '../components/more-button';
import { EmptyState, ErrorNote, Loading } from '../components/notes';
import { Table } from '../components/table';
import { visibleText } from '../format/visible-text';
import { useAction } from '../hooks/use-action';
import { usePages } from '../hooks/use-pages';
import { linkTo } from '../route';
import { countersText, listensTo, nextRuns } from './trigger-facts';

/** Triggers of the account, or of one function. */
export function TriggerList({ functionName }: { functionName?: string }) {
  const path = functionName === undefined ? ['triggers'] : ['functions', functionName, 'triggers'];
  const pages = usePages(
    async (api, marker, signal) => {
      const { Triggers, NextMarker } = await api.get<List>(apiPath(path, { marker, maxItems: '100' }), signal);
      return { items: Triggers, nextMarker: NextMarker };
    },
    [functionName],
  );
  const { items, error, isLoading, hasMore, reload } = pages;
  const toggle = useAction(async (api, { TriggerId, Name, Enabled }: TriggerView) => {
    await api.json('POST', apiPath(['triggers', TriggerId, Enabled ? 'pause' : 'resume']));
    reload();
    return `${Name} ${Enabled ? 'is paused' : 'goes on'}.`;
  });
  return (
    <>
      <ErrorNote error={error} retry={reload} />
      <ErrorNote error={toggle.error} />
      {items === undefined && isLoading ? <Loading /> : null}
      {items?.length === 0 && !hasMore ? (
        <EmptyState
          title="There are no triggers yet."
          command={`./easyfaas triggers create cron ${functionName ?? 'hello'} -s 'Schedule=rate(5 minutes)'`}
        >
          <p>A trigger calls a function when something happens: a time, a request, a message.</p>
        </EmptyState>
      ) : null}
      {items === undefined || items.length === 0 ? null : (
        <Table label="Triggers" columns={['Name', 'Source', 'Function', 'State', 'Next', 'Counted', 'Last error', 'Actions']}>
          {items.map((each) => (
            <tr key={each.TriggerId}>
              <td class="clip">
                <a href={linkTo('triggers', each.TriggerId)}>{visibleText(each.Name)}</a>
              </td>
              <td class="clip">
                {each.Source} <span class="faint mono">{visibleText(listensTo(each))}</span>
              </td>
              <td>
                <FunctionLink name={each.FunctionName} version={each.Qualifier} />
              </td>
              <td>
                <Badge state={each.State} />
              </td>
              <td>{nextRuns(each)[0] === undefined ? null : <Ago at={nextRuns(each)[0] ?? ''} />}</td>
              <td>{countersText(each)}</td>
              <td class="clip">{each.LastError === undefined ? null : visibleText(each.LastError.Message)}</td>
              <td class="actions">
                <button
                  type="button"
                  onClick={() => toggle.run(each)}
                  disabled={toggle.isBusy}
                  aria-label={`${each.Enabled ? 'Pause' : 'Resume'} ${each.Name}`}
                >
                  {each.Enabled ? 'Pause' : 'Resume'}
                </button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <MoreButton pages={pages} />
    </>
  );
}

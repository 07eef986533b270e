import { useState } from 'preact/hooks';
import { apiPath } from '../api/api';
import type { FunctionList } from '../api/views';
import { Ago } from '../components/ago';
import { Badge } from '../components/badge';
import { FunctionLink } from '../components/links';
import { MoreButton } from '../components/more-button';
import { EmptyState, ErrorNote, Loading } from '../components/notes';
import { PageHead } from '../components/page-head';
import { Table } from '../components/table';
import { visibleText } from '../format/visible-text';
import { usePages } from '../hooks/use-pages';
import { linkTo } from '../route';

export function FunctionsPage() {
  const [wanted, setWanted] = useState('');
  const pages = usePages(async (api, marker, signal) => {
    const list = await api.get<FunctionList>(apiPath(['functions'], { marker, maxItems: '100' }), signal);
    return { items: list.Functions, nextMarker: list.NextMarker };
  }, []);
  const { items, error, isLoading, hasMore, reload } = pages;
  const shown = (items ?? []).filter(({ FunctionName }) => FunctionName.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <>
      <PageHead title="Functions">
        <button type="button" onClick={reload} disabled={isLoading}>
          Refresh
        </button>
        <a class="button main" href={linkTo('new-function')}>
          New function
        </a>
      </PageHead>
      <ErrorNote error={error} retry={reload} />
      {items === undefined && isLoading ? <Loading /> : null}
      {items?.length === 0 && !hasMore ? (
        <EmptyState title="There are no functions yet." command="./easyfaas init hello && ./easyfaas deploy hello">
          <p>
            <a href={linkTo('new-function')}>Make one here</a>, or with the command line:
          </p>
        </EmptyState>
      ) : null}
      {items !== undefined && items.length > 0 ? (
        <>
          <input
            type="search"
            class="filter"
            placeholder="Filter by name"
            aria-label="Filter by name"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
          <Table label="Functions" columns={['Name', 'State', 'Runtime', 'Memory', 'Timeout', 'Changed', 'Actions']}>
            {shown.map((each) => (
              <tr key={each.FunctionName}>
                <td>
                  <FunctionLink name={each.FunctionName} />
                  {each.Description === '' ? null : <div class="faint clip">{visibleText(each.Description)}</div>}
                </td>
                <td>
                  <Badge state={each.State} />
                  {each.LastUpdateStatus === 'Failed' ? <span class="faint"> last update failed</span> : null}
                </td>
                <td>{each.Runtime}</td>
                <td class="figure">{each.MemorySize} MB</td>
                <td class="figure">{each.Timeout} s</td>
                <td>
                  <Ago at={each.LastModified} />
                </td>
                <td class="actions">
                  <a href={linkTo('functions', each.FunctionName, 'invoke')} aria-label={`Invoke ${each.FunctionName}`}>
                    Invoke
                  </a>
                </td>
              </tr>
            ))}
          </Table>
          {shown.length === 0 ? <p class="faint">No name among those loaded has this in it.</p> : null}
        </>
      ) : null}
      <MoreButton pages={pages} />
    </>
  );
}

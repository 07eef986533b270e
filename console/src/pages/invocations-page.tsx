import { apiPath } from '../api/api';
import type { InvocationList } from '../api/views';
import { InvocationTable } from '../components/invocation-table';
import { MoreButton } from '../components/more-button';
import { EmptyState, ErrorNote, Loading } from '../components/notes';
import { PageHead } from '../components/page-head';
import { Field } from '../components/field';
import { usePages } from '../hooks/use-pages';
import { linkTo } from '../route';

const STATES = ['accepted', 'running', 'succeeded', 'failed', 'throttled', 'error', 'expired', 'cancelled'];

/** What was called, newest first; the filter is part of the address, so that it can be shared and gone back to. */
export function InvocationsPage({ query }: { query: Readonly<Record<string, string>> }) {
  const name = query['function'] ?? '';
  const status = query['status'] ?? '';
  const pages = usePages(
    async (api, marker, signal) => {
      const list = await api.get<InvocationList>(apiPath(['invocations'], { function: name, status, marker, limit: '50' }), signal);
      return { items: list.invocations, nextMarker: list.nextMarker };
    },
    [name, status],
  );
  const { items, error, isLoading, hasMore, reload } = pages;
  const filter = (change: Record<string, string>): void => {
    location.hash = linkTo('invocations', undefined, undefined, { function: name, status, ...change });
  };
  return (
    <>
      <PageHead title="Invocations">
        <button type="button" onClick={reload} disabled={isLoading}>
          Refresh
        </button>
      </PageHead>
      <div class="fields">
        <Field label="Function">
          <input
            key={name}
            defaultValue={name}
            placeholder="all"
            onChange={(event) => filter({ function: event.currentTarget.value.trim() })}
            autocomplete="off"
          />
        </Field>
        <Field label="Status">
          <select value={status} onChange={(event) => filter({ status: event.currentTarget.value })}>
            <option value="">all</option>
            {STATES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </Field>
      </div>
      <ErrorNote error={error} retry={reload} />
      {items === undefined && isLoading ? <Loading /> : null}
      {items?.length === 0 && !hasMore ? (
        <EmptyState
          title={name === '' && status === '' ? 'Nothing is on record yet.' : 'No record fits the filter.'}
          command={`./easyfaas invoke ${name === '' ? 'hello' : name} -d '{}' --log`}
        />
      ) : null}
      {items === undefined || items.length === 0 ? null : <InvocationTable invocations={items} />}
      <MoreButton pages={pages} />
    </>
  );
}

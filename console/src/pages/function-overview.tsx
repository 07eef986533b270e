import { apiPath } from '../api/api';
import type { InvocationList } from '../api/views';
import { Ago } from '../components/ago';
import { InvocationTable } from '../components/invocation-table';
import { EmptyState, ErrorNote } from '../components/notes';
import { Facts } from '../components/table';
import { bytes } from '../format/figures';
import { visibleText } from '../format/visible-text';
import { useLoad } from '../hooks/use-load';
import { linkTo } from '../route';
import type { FunctionPart } from './function-page';

export function FunctionOverview({ name, view: { Configuration: it, Code, Concurrency } }: FunctionPart) {
  const { data, error, reload } = useLoad(
    (api, signal) => api.get<InvocationList>(apiPath(['invocations'], { function: name, limit: '10' }), signal),
    [name, it.RevisionId],
  );
  const variables = Object.keys(it.Environment.Variables);
  const tags = Object.entries(it.Tags).map(([key, value]) => `${key}=${value}`);
  const mono = (text: string) => <span class="mono">{visibleText(text)}</span>;
  return (
    <>
      <Facts
        facts={[
          ['Description', visibleText(it.Description)],
          ['Runtime', `${it.Runtime}, ${visibleText(it.Handler)}`],
          ['Memory', `${it.MemorySize} MB`],
          ['Timeout', `${it.Timeout} s`],
          ['Calls at once in a container', String(it.PodConcurrentQuota)],
          ['Reserved executions', Concurrency.ReservedConcurrentExecutions?.toString()],
          ['Network', it.NetworkMode],
          ['/tmp', it.EphemeralStorage === undefined ? undefined : `${it.EphemeralStorage.Size} MB`],
          ['Environment', variables.length === 0 ? undefined : mono(variables.join(', '))],
          ['Layers', it.Layers?.map(({ Arn }) => <div key={Arn}>{mono(Arn)}</div>)],
          ['Tags', tags.length === 0 ? undefined : mono(tags.join(', '))],
          ['Changed', <Ago key="at" at={it.LastModified} />],
          ['Package', `${bytes(it.CodeSize)}, SHA-256 ${Code.Sha256.slice(0, 16)}…`],
          ['Commit', mono(it.CommitId)],
          ['Name in full', mono(it.FunctionArn)],
        ]}
      />
      <h2>Last calls</h2>
      <ErrorNote error={error} retry={reload} />
      {data === undefined ? null : data.invocations.length === 0 ? (
        <EmptyState title="It has not been called yet." command={`./easyfaas invoke ${name} -d '{}' --log`}>
          <p>
            <a href={linkTo('functions', name, 'invoke')}>Invoke it here</a>, or with the command line:
          </p>
        </EmptyState>
      ) : (
        <>
          <InvocationTable invocations={data.invocations} hasFunction={false} />
          <p>
            <a href={linkTo('invocations', undefined, undefined, { function: name })}>All of them</a>
          </p>
        </>
      )}
    </>
  );
}

import { apiPath } from '../api/api';
import type { PoolContainer } from '../api/views';
import { Ago } from '../components/ago';
import { Badge } from '../components/badge';
import { ContainerActions } from '../components/container-actions';
import { FunctionLink } from '../components/links';
import { MemoryBar } from '../components/memory-bar';
import { ErrorNote, Loading } from '../components/notes';
import { PageHead } from '../components/page-head';
import { Facts, Table } from '../components/table';
import { visibleText } from '../format/visible-text';
import { useLoad } from '../hooks/use-load';
import { usedMb } from '../pool/pool-state';

/** One container with its history, also one that is gone, for some time. */
export function ContainerPage({ containerId }: { containerId: string }) {
  const { data, error, isLoading, reload } = useLoad(
    (api, signal) => api.get<PoolContainer>(apiPath(['pool', containerId]), signal),
    [containerId],
  );
  return (
    <>
      <PageHead title={`Container ${containerId}`}>
        {data === undefined ? null : <Badge state={data.state} />}
        <button type="button" onClick={reload} disabled={isLoading}>
          Refresh
        </button>
        {data?.phase === undefined ? null : <ContainerActions container={data} />}
      </PageHead>
      <ErrorNote error={error} retry={reload} />
      {data === undefined ? isLoading ? <Loading /> : null : <Shown container={data} />}
    </>
  );
}

function Shown({ container: it }: { container: PoolContainer }) {
  const { assignment, exit } = it;
  return (
    <>
      <Facts
        facts={[
          [
            'Function',
            assignment === undefined ? 'none yet' : <FunctionLink key="f" name={assignment.functionName} version={assignment.version} />,
          ],
          ['Account', assignment?.accountId],
          [
            'Commit',
            assignment === undefined ? undefined : (
              <span key="k" class="mono">
                {assignment.commitId}
              </span>
            ),
          ],
          ['Runtime', it.runtime],
          ['Network', it.network],
          ['Memory', <MemoryBar key="m" usedMb={usedMb(it)} limitMb={it.memoryMb} />],
          ['Made with', `${it.classMb} MB`],
          ['Calls now', it.inFlight?.toString()],
          ['Made', <Ago key="c" at={it.createdAtMs} />],
          ['Why this state', visibleText(it.reason)],
          ['End', exit === undefined ? undefined : `exit code ${exit.exitCode ?? 'none'}${exit.oomKilled ? ', out of memory' : ''}`],
          [
            'Docker',
            it.dockerId === undefined ? undefined : (
              <span key="d" class="mono">
                {it.dockerId.slice(0, 12)}
              </span>
            ),
          ],
        ]}
      />
      <h2>History</h2>
      <Table label="History" columns={['When', 'From', 'To', 'Why']}>
        {[...it.history].reverse().map(({ from, to, reason, atMs }) => (
          <tr key={`${atMs} ${to}`}>
            <td>
              <Ago at={atMs} />
            </td>
            <td>{from}</td>
            <td>{to}</td>
            <td>{visibleText(reason)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

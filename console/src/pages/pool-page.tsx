import { Badge } from '../components/badge';
import { EmptyState, ErrorNote } from '../components/notes';
import { PageHead } from '../components/page-head';
import { counted } from '../format/figures';
import { useNow } from '../hooks/use-now';
import { usePool } from '../hooks/use-pool';
import { inOrder } from '../pool/pool-state';
import { PoolContainers } from './pool-containers';
import { PoolEnds } from './pool-ends';
import { PoolKinds } from './pool-kinds';

const EVERY_MS = 1000;

/** The containers of the pod that answers, as they change. */
export function PoolPage() {
  const { connection, containers, facts, error } = usePool();
  const nowMs = useNow(EVERY_MS);
  const list = inOrder(containers.values());
  const reservedMb = list.reduce((sum, { memoryMb }) => sum + memoryMb, 0);
  return (
    <>
      <PageHead title="Pool">
        <Badge state={connection} />
      </PageHead>
      <ErrorNote error={error} />
      {facts === undefined ? null : (
        <p class="summary">
          <b>{list.length}</b> of at most {counted(facts.max, 'container')}, limits of <b>{reservedMb} MB</b> in all.{' '}
          {Object.entries(facts.counts)
            .map(([state, count]) => `${count} ${state}`)
            .join(', ')}
        </p>
      )}
      {facts?.waiting.map(({ accountId, functionName, calls }) => (
        <p class="note" key={`${accountId} ${functionName}`}>
          {counted(calls, 'call')} of {functionName} ({accountId}) wait for a container.
        </p>
      ))}
      {facts !== undefined && list.length === 0 ? (
        <EmptyState title="There are no containers." command="./easyfaas doctor">
          <p>The pool makes some by itself. If none comes, this says what is wrong:</p>
        </EmptyState>
      ) : null}
      {list.length === 0 ? null : <PoolContainers containers={list} nowMs={nowMs} />}
      {facts === undefined ? null : <PoolKinds kinds={facts.shelves} />}
      {facts === undefined ? null : <PoolEnds ends={facts.recentEnds} />}
    </>
  );
}

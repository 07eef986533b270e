import type { TriggerView } from '@easyfaas/contracts/wire';
import { type Api, apiPath } from '../api/api';
import type { DeadLetterList, FunctionList, InvocationList, TriggerList } from '../api/views';
import { InvocationTable } from '../components/invocation-table';
import { EmptyState, ErrorNote, Loading } from '../components/notes';
import { PageHead } from '../components/page-head';
import { Table } from '../components/table';
import { visibleText } from '../format/visible-text';
import { useLoad } from '../hooks/use-load';
import { linkTo } from '../route';
import { eachOf } from './each-of';

const PAGE = '100';
/** Functions are asked one by one for their dead letters, so many at once. */
const AT_ONCE = 4;

interface Queues {
  open: InvocationList['invocations'];
  functions: { name: string; total: number }[];
  triggers: TriggerView[];
  /** Of the functions only the first page was asked. */
  hasMore: boolean;
}

/** What waits, and what has failed for good. */
export function QueuesPage() {
  const { data, error, isLoading, reload } = useLoad(loadQueues, []);
  return (
    <>
      <PageHead title="Queues">
        <button type="button" onClick={reload} disabled={isLoading}>
          Refresh
        </button>
      </PageHead>
      <ErrorNote error={error} retry={reload} />
      {data === undefined ? isLoading ? <Loading /> : null : <Shown {...data} />}
    </>
  );
}

function Shown({ open, functions, triggers, hasMore }: Queues) {
  return (
    <>
      <h2>Waiting and running events</h2>
      {open.length === 0 ? (
        <EmptyState title="No event waits." command="./easyfaas invoke hello --async -d '{}'">
          <p>A call that nobody waits for is an event: it is kept here until it has run.</p>
        </EmptyState>
      ) : (
        <InvocationTable invocations={open} />
      )}
      {open.length >= Number(PAGE) ? <p class="faint">The first {PAGE} are shown.</p> : null}
      <h2>Dead letters</h2>
      {functions.length === 0 && triggers.length === 0 ? (
        <EmptyState title="There are no dead letters.">
          <p>Events that fail after all their tries, and messages that a trigger could not hand over, are listed here.</p>
        </EmptyState>
      ) : (
        <Table label="Dead letters" columns={['Of', 'Dead letters', 'Actions']}>
          {functions.map(({ name, total }) => (
            <tr key={name}>
              <td>
                Events of <a href={linkTo('functions', name, 'dead-letters')}>{name}</a>
              </td>
              <td class="figure">{total}</td>
              <td class="actions">
                <a href={linkTo('functions', name, 'dead-letters')} aria-label={`Dead letters of ${name}`}>
                  Look and redrive
                </a>
              </td>
            </tr>
          ))}
          {triggers.map(({ TriggerId, Name, Counters }) => (
            <tr key={TriggerId}>
              <td>
                Messages of the trigger <a href={linkTo('triggers', TriggerId)}>{visibleText(Name)}</a>
              </td>
              <td class="figure">{Counters.DeadLettered} so far</td>
              <td class="actions">
                <a href={linkTo('triggers', TriggerId)} aria-label={`Dead letters of the trigger ${Name}`}>
                  Look and redrive
                </a>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {hasMore ? <p class="faint">Of the functions only the first {PAGE} were asked.</p> : null}
    </>
  );
}

async function loadQueues(api: Api, signal: AbortSignal): Promise<Queues> {
  const openOf = async (status: string): Promise<InvocationList['invocations']> =>
    (await api.get<InvocationList>(apiPath(['invocations'], { status, limit: PAGE }), signal)).invocations;
  const [running, accepted, { Functions, NextMarker }, { Triggers }] = await Promise.all([
    openOf('running'),
    openOf('accepted'),
    api.get<FunctionList>(apiPath(['functions'], { maxItems: PAGE }), signal),
    api.get<TriggerList>(apiPath(['triggers'], { maxItems: PAGE }), signal),
  ]);
  const totals = await eachOf(Functions, AT_ONCE, async ({ FunctionName: name }) => {
    const { total } = await api.get<DeadLetterList>(apiPath(['functions', name, 'dead-letters'], { limit: '1' }), signal);
    return { name, total };
  });
  return {
    open: [...running, ...accepted],
    functions: totals.filter(({ total }) => total > 0),
    triggers: Triggers.filter(({ Counters }) => Counters.DeadLettered > 0),
    hasMore: NextMarker !== undefined,
  };
}

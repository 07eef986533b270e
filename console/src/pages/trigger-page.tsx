import type { TriggerView } from '@easyfaas/contracts/wire';
import { apiPath } from '../api/api';
import { Ago } from '../components/ago';
import { Badge } from '../components/badge';
import { ConfirmButton } from '../components/confirm-button';
import { FunctionLink } from '../components/links';
import { ErrorNote, Loading } from '../components/notes';
import { PageHead } from '../components/page-head';
import { Facts } from '../components/table';
import { TextBlock } from '../components/text-block';
import { valueText } from '../format/body-text';
import { visibleText } from '../format/visible-text';
import { useAction } from '../hooks/use-action';
import { useLoad } from '../hooks/use-load';
import { linkTo } from '../route';
import { TriggerDeadLetters } from './trigger-dead-letters';
import { countersText, nextRuns } from './trigger-facts';

export function TriggerPage({ triggerId }: { triggerId: string }) {
  const {
    data: it,
    error,
    isLoading,
    reload,
  } = useLoad((api, signal) => api.get<TriggerView>(apiPath(['triggers', triggerId]), signal), [triggerId]);
  const toggle = useAction(async (api, isEnabled: boolean) => {
    await api.json('POST', apiPath(['triggers', triggerId, isEnabled ? 'pause' : 'resume']));
    reload();
    return isEnabled ? 'The trigger is paused.' : 'The trigger goes on.';
  });
  const remove = useAction(async (api) => {
    await api.json('DELETE', apiPath(['triggers', triggerId]));
    location.hash = linkTo('triggers');
    return 'The trigger is deleted.';
  });
  return (
    <>
      <PageHead title={it === undefined ? 'Trigger' : visibleText(it.Name)}>
        {it === undefined ? null : (
          <>
            <Badge state={it.State} />
            <button type="button" onClick={() => toggle.run(it.Enabled)} disabled={toggle.isBusy}>
              {it.Enabled ? 'Pause' : 'Resume'}
            </button>
            <button type="button" onClick={reload} disabled={isLoading}>
              Refresh
            </button>
            <ConfirmButton
              label="Delete"
              question="Delete this trigger with its dead letters? It cannot be undone."
              onConfirm={() => remove.run()}
            />
          </>
        )}
      </PageHead>
      <ErrorNote error={error} retry={reload} />
      <ErrorNote error={toggle.error ?? remove.error} />
      {it === undefined ? isLoading ? <Loading /> : null : <Shown trigger={it} />}
      {it === undefined ? null : <TriggerDeadLetters triggerId={triggerId} />}
    </>
  );
}

function Shown({ trigger: it }: { trigger: TriggerView }) {
  const runs = nextRuns(it);
  return (
    <>
      <Facts
        facts={[
          ['Source', it.Source],
          ['Function', <FunctionLink key="f" name={it.FunctionName} version={it.Qualifier} />],
          ['Why', it.StateReason === undefined ? undefined : visibleText(it.StateReason)],
          ['Next', runs.length === 0 ? undefined : runs.map((run) => <div key={run}>{run}</div>)],
          ['Counted', countersText(it)],
          ['Last error', it.LastError === undefined ? undefined : visibleText(`${it.LastError.Code}: ${it.LastError.Message}`)],
          ['At', it.LastError === undefined ? undefined : <Ago key="e" at={it.LastError.At} />],
          ['Secrets', it.SecretNames.join(', ')],
          ['Changed', <Ago key="u" at={it.UpdatedAt} />],
          [
            'Id',
            <span key="i" class="mono">
              {it.TriggerId}
            </span>,
          ],
        ]}
      />
      <TextBlock label="Configuration" text={valueText(it.Configuration)} />
      {it.Filter === undefined ? null : <TextBlock label="Filter" text={valueText(it.Filter)} />}
      {Object.keys(it.Details).length === 0 ? null : <TextBlock label="Details" text={valueText(it.Details)} />}
    </>
  );
}

import { apiPath } from '../api/api';
import type { FunctionView } from '../api/views';
import { Badge } from '../components/badge';
import { ErrorNote, Loading } from '../components/notes';
import { PageHead } from '../components/page-head';
import { visibleText } from '../format/visible-text';
import { useLoad } from '../hooks/use-load';
import { linkTo } from '../route';
import { DeadLetters } from './dead-letters';
import { FunctionCode } from './function-code';
import { FunctionLogs } from './function-logs';
import { FunctionOverview } from './function-overview';
import { FunctionSettings } from './function-settings';
import { FunctionVersions } from './function-versions';
import { Invoke } from './invoke';
import { TriggerList } from './trigger-list';

const PARTS = [
  ['overview', 'Overview'],
  ['invoke', 'Invoke'],
  ['logs', 'Logs'],
  ['code', 'Code'],
  ['settings', 'Settings'],
  ['versions', 'Versions'],
  ['triggers', 'Triggers'],
  ['dead-letters', 'Dead letters'],
] as const;

/** What every part of the page gets. */
export interface FunctionPart {
  name: string;
  view: FunctionView;
  /** Something has changed. */
  reload: () => void;
}

export function FunctionPage({ name, part = 'overview' }: { name: string; part: string | undefined }) {
  const {
    data: view,
    error,
    isLoading,
    reload,
  } = useLoad((api, signal) => api.get<FunctionView>(apiPath(['functions', name]), signal), [name]);
  const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason } = view?.Configuration ?? {};
  return (
    <>
      <PageHead title={name}>
        {State === undefined ? null : <Badge state={State} />}
        <button type="button" onClick={reload} disabled={isLoading}>
          Refresh
        </button>
      </PageHead>
      {StateReason === undefined || State === 'Active' ? null : <p class="note">{visibleText(StateReason)}</p>}
      {LastUpdateStatus === 'Failed' ? <p class="note bad">The last update failed: {visibleText(LastUpdateStatusReason ?? '')}</p> : null}
      <nav class="parts" aria-label={`Parts of ${name}`}>
        {PARTS.map(([each, title]) => (
          <a key={each} href={linkTo('functions', name, each)} {...(each === part ? { 'aria-current': 'page' } : {})}>
            {title}
          </a>
        ))}
      </nav>
      <ErrorNote error={error} retry={reload} />
      {view === undefined && isLoading ? <Loading /> : null}
      {view === undefined ? null : <Part part={part} name={name} view={view} reload={reload} />}
    </>
  );
}

function Part({ part, ...given }: FunctionPart & { part: string }) {
  const { name } = given;
  switch (part) {
    case 'invoke':
      return <Invoke {...given} />;
    case 'logs':
      return <FunctionLogs name={name} />;
    case 'code':
      return <FunctionCode {...given} />;
    case 'settings':
      return <FunctionSettings key={given.view.Configuration.RevisionId} {...given} />;
    case 'versions':
      return <FunctionVersions {...given} />;
    case 'triggers':
      return <TriggerList functionName={name} />;
    case 'dead-letters':
      return <DeadLetters name={name} />;
    default:
      return <FunctionOverview {...given} />;
  }
}

import type { Route } from '../route';
import { linkTo } from '../route';
import { PageHead } from '../components/page-head';
import { ContainerPage } from './container-page';
import { FunctionPage } from './function-page';
import { FunctionsPage } from './functions-page';
import { InvocationPage } from './invocation-page';
import { InvocationsPage } from './invocations-page';
import { NewFunctionPage } from './new-function-page';
import { PoolPage } from './pool-page';
import { QueuesPage } from './queues-page';
import { TriggerPage } from './trigger-page';
import { TriggersPage } from './triggers-page';

/** The page of a place. */
export function PageOf({ route: { page, id, part, query } }: { route: Route }) {
  switch (page) {
    case 'functions':
      return id === undefined ? <FunctionsPage /> : <FunctionPage key={id} name={id} part={part} />;
    case 'new-function':
      return <NewFunctionPage />;
    case 'invocations':
      return id === undefined ? <InvocationsPage query={query} /> : <InvocationPage key={id} requestId={id} />;
    case 'queues':
      return <QueuesPage />;
    case 'triggers':
      return id === undefined ? <TriggersPage /> : <TriggerPage key={id} triggerId={id} />;
    case 'pool':
      return id === undefined ? <PoolPage /> : <ContainerPage key={id} containerId={id} />;
    default:
      return (
        <>
          <PageHead title="Not there" />
          <p>
            The console has no such page. <a href={linkTo('functions')}>Functions</a>
          </p>
        </>
      );
  }
}

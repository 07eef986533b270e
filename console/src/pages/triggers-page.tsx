import { PageHead } from '../components/page-head';
import { TriggerList } from './trigger-list';

export function TriggersPage() {
  return (
    <>
      <PageHead title="Triggers" />
      <TriggerList />
    </>
  );
}

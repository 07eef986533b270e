import type { PoolContainer } from '../api/views';
import { Badge } from '../components/badge';
import { ContainerActions } from '../components/container-actions';
import { ContainerLink } from '../components/links';
import { MemoryBar } from '../components/memory-bar';
import { Table } from '../components/table';
import { age } from '../format/figures';
import { visibleText } from '../format/visible-text';
import { usedMb } from '../pool/pool-state';

const COLUMNS = ['Container', 'State', 'Function', 'Memory', 'Calls', 'Age', 'In this state', 'Why', 'Actions'];

export function PoolContainers({ containers, nowMs }: { containers: readonly PoolContainer[]; nowMs: number }) {
  return (
    <Table label="Containers" columns={COLUMNS}>
      {containers.map((each) => (
        <tr key={each.containerId} data-container={each.containerId}>
          <td>
            <ContainerLink containerId={each.containerId} />
            <div class="faint">
              {each.runtime}
              {each.network === 'egress' ? ', egress' : ''}
            </div>
          </td>
          <td>
            <Badge state={stateOf(each)} />
          </td>
          <td>
            {each.assignment === undefined ? (
              <span class="faint">none</span>
            ) : (
              <>
                {each.assignment.functionName}
                {each.assignment.version === '$LATEST' ? null : <span class="faint">:{each.assignment.version}</span>}
                {each.assignment.accountId === 'default' ? null : <div class="faint">{each.assignment.accountId}</div>}
              </>
            )}
          </td>
          <td>
            <MemoryBar usedMb={usedMb(each)} limitMb={each.memoryMb} />
          </td>
          <td class="figure">
            {each.inFlight ?? 0}
            {each.concurrency === undefined ? '' : ` of ${each.concurrency}`}
          </td>
          <td class="figure">{age(nowMs - each.createdAtMs)}</td>
          <td class="figure">{age(nowMs - each.stateSinceMs)}</td>
          <td class="clip">{visibleText(each.reason)}</td>
          <td class="actions">
            <ContainerActions container={each} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** What the controller is doing with it says more than what the funclet has said last. */
function stateOf({ state, phase }: PoolContainer): string {
  return phase === undefined || phase === 'resetting' ? state : phase;
}

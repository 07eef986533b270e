import type { InvocationView } from '../api/views';
import { duration } from '../format/figures';
import { visibleText } from '../format/visible-text';
import { Ago } from './ago';
import { Badge } from './badge';
import { FunctionLink, RequestLink } from './links';
import { Table } from './table';

/** @param hasFunction whose they are: not where that is said already */
export function InvocationTable({ invocations, hasFunction = true }: { invocations: readonly InvocationView[]; hasFunction?: boolean }) {
  const columns = ['Request', 'When', ...(hasFunction ? ['Function'] : ['Version']), 'Status', 'Kind', 'Time', 'Start', 'Error'];
  return (
    <Table label="Invocations" columns={columns}>
      {invocations.map((each) => (
        <tr key={each.requestId}>
          <td>
            <RequestLink requestId={each.requestId} />
          </td>
          <td>
            <Ago at={each.startedAt} />
          </td>
          <td>{hasFunction ? <FunctionLink name={each.functionName} version={each.version} /> : visibleText(each.version)}</td>
          <td>
            <Badge state={each.status} />
          </td>
          <td>{each.invokeType === 'Event' ? `event, try ${each.attemptCount ?? 0}` : 'call'}</td>
          <td class="figure">{each.stages === undefined ? '' : duration(each.stages.totalMs)}</td>
          <td>
            {each.start ?? ''}
            {each.coldReason === undefined ? null : <span class="faint"> {visibleText(each.coldReason)}</span>}
          </td>
          <td class="clip">{visibleText(each.errorType ?? '')}</td>
        </tr>
      ))}
    </Table>
  );
}

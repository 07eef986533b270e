import type { AttemptView } from '../api/views';
import { duration } from '../format/figures';
import { visibleText } from '../format/visible-text';
import { Ago } from './ago';
import { Badge } from './badge';
import { ContainerLink } from './links';
import { Table } from './table';

/** The latest tries of an event, oldest first. */
export function AttemptTable({ attempts }: { attempts: readonly AttemptView[] }) {
  return (
    <>
      <h2>Tries</h2>
      <Table label="Tries" columns={['Try', 'Began', 'Took', 'Outcome', 'Why', 'Next after', 'Container']}>
        {attempts.map(({ attempt, startedAt, endedAt, outcome, reason = '', message = '', retryInMs, containerId }) => (
          <tr key={`${attempt} ${startedAt}`}>
            <td class="figure">{attempt}</td>
            <td>
              <Ago at={startedAt} />
            </td>
            <td class="figure">{duration(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)))}</td>
            <td>
              <Badge state={outcome} />
            </td>
            <td class="clip">{visibleText([reason, message].filter((each) => each !== '').join(': '))}</td>
            <td class="figure">{retryInMs === undefined ? '' : duration(retryInMs)}</td>
            <td>{containerId === undefined || containerId === '' ? null : <ContainerLink containerId={containerId} />}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

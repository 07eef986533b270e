import type { PoolFacts } from '../api/views';
import { Ago } from '../components/ago';
import { ContainerLink } from '../components/links';
import { Table } from '../components/table';
import { visibleText } from '../format/visible-text';

/** Containers that are gone, the last ones first, and why. */
export function PoolEnds({ ends }: { ends: PoolFacts['recentEnds'] }) {
  return (
    <section aria-label="Containers that are gone">
      <h2>Gone</h2>
      {ends.length === 0 ? (
        <p class="faint">None since the controller was started.</p>
      ) : (
        <Table label="Containers that are gone" columns={['Container', 'When', 'Function', 'Runtime', 'Why']}>
          {[...ends]
            .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
            .map(({ containerId, at, functionName, runtime, reason }) => (
              <tr key={containerId}>
                <td>
                  <ContainerLink containerId={containerId} />
                </td>
                <td>
                  <Ago at={at} />
                </td>
                <td>{functionName ?? <span class="faint">none</span>}</td>
                <td>{runtime}</td>
                <td>{visibleText(reason)}</td>
              </tr>
            ))}
        </Table>
      )}
    </section>
  );
}

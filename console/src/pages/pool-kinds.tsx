import type { PoolKind } from '../api/views';
import { Table } from '../components/table';
import { duration } from '../format/figures';
import { visibleText } from '../format/visible-text';

const COLUMNS = ['Kind', 'Cold', 'Target', 'Recommended', 'Bounds', 'Cold calls', 'Making one', 'Why'];

/** Cold containers that are kept ready: how many of each kind, and why so many. */
export function PoolKinds({ kinds }: { kinds: readonly PoolKind[] }) {
  return (
    <section aria-label="Cold containers">
      <h2>Cold containers, by kind</h2>
      <Table label="Kinds of cold containers" columns={COLUMNS}>
        {kinds.map((kind) => (
          <tr key={`${kind.runtime} ${kind.classMb} ${kind.network} ${kind.tmpMb ?? 0}`}>
            <td>
              {kind.runtime} {kind.classMb} MB
              <div class="faint">
                {kind.network === 'egress' ? 'egress' : 'no network'}
                {kind.tmpMb === undefined ? '' : `, /tmp ${kind.tmpMb} MB`}
              </div>
            </td>
            <td class="figure">
              {kind.cold}
              {kind.creating === 0 ? '' : `, ${kind.creating} coming`}
            </td>
            <td class="figure">{kind.target}</td>
            <td class="figure">{kind.recommended}</td>
            <td class="figure">
              {kind.min} to {kind.cap}
            </td>
            <td>{coldCalls(kind)}</td>
            <td class="figure">{kind.startMs === undefined ? '' : duration(kind.startMs)}</td>
            <td class="wide">
              {visibleText(kind.reason)}
              {kind.lastFailure === undefined ? null : (
                <div class="faint">last failure: {visibleText(`${kind.lastFailure.code}: ${kind.lastFailure.message}`)}</div>
              )}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function coldCalls({ lastHour, coldPerSecond = 0, demanded = 0 }: PoolKind): string {
  const hour = lastHour?.calls === undefined ? '' : `${lastHour.coldStarts ?? 0} of ${lastHour.calls} in the last hour`;
  const now = coldPerSecond === 0 ? '' : `${coldPerSecond} a second`;
  return [hour, now, demanded === 0 ? '' : `${demanded} waited for`].filter((each) => each !== '').join(', ');
}

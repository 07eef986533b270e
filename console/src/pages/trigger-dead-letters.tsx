import type { RedriveTriggerAnswer, RedriveTriggerRequest } from '@easyfaas/contracts/wire';
import { apiPath } from '../api/api';
import type { TriggerDeadLetter } from '../api/views';
import { Ago } from '../components/ago';
import { ConfirmButton } from '../components/confirm-button';
import { MoreButton } from '../components/more-button';
import { ErrorNote } from '../components/notes';
import { Table } from '../components/table';
import { counted } from '../format/figures';
import { cutText, visibleText } from '../format/visible-text';
import { useAction } from '../hooks/use-action';
import { usePages } from '../hooks/use-pages';

const PAYLOAD_CHARACTERS = 200;

/** Messages that the trigger could not hand over. */
export function TriggerDeadLetters({ triggerId }: { triggerId: string }) {
  const path = ['triggers', triggerId, 'dead-letters'];
  const pages = usePages(
    async (api, marker, signal) => {
      const list = await api.get<{ DeadLetters: TriggerDeadLetter[]; NextMarker?: string }>(apiPath(path, { marker }), signal);
      return { items: list.DeadLetters, nextMarker: list.NextMarker };
    },
    [triggerId],
  );
  const { items, error, reload } = pages;
  const redrive = useAction(async (api, json: RedriveTriggerRequest) => {
    const { Redriven, Refused } = await api.json<RedriveTriggerAnswer>('POST', apiPath([...path, 'redrive']), { json });
    reload();
    return `${counted(Redriven.length, 'message')} handed over, ${Refused.length} refused. ${Refused[0]?.Message ?? ''}`;
  });
  const drop = useAction(async (api) => {
    await api.json('DELETE', apiPath(path));
    reload();
    return 'All are dropped.';
  });
  return (
    <section aria-label="Dead letters">
      <h2>Dead letters</h2>
      <ErrorNote error={error ?? redrive.error ?? drop.error} retry={reload} />
      {items?.length === 0 ? <p class="faint">There are none.</p> : null}
      {items === undefined || items.length === 0 ? null : (
        <>
          <div class="buttons">
            <button type="button" onClick={() => redrive.run({ All: true })} disabled={redrive.isBusy}>
              Redrive all
            </button>
            <ConfirmButton label="Drop all" question="Drop all these messages? It cannot be undone." onConfirm={() => drop.run()} />
          </div>
          <Table label="Dead letters" columns={['When', 'Message', 'Why', 'Payload', 'Actions']}>
            {items.map(({ DeadLetterId, At, MessageId, Reason, Payload }) => (
              <tr key={DeadLetterId}>
                <td>
                  <Ago at={At} />
                </td>
                <td class="mono clip">{visibleText(MessageId)}</td>
                <td class="clip">{visibleText(Reason)}</td>
                <td class="mono clip">{visibleText(cutText(Payload, PAYLOAD_CHARACTERS).text)}</td>
                <td class="actions">
                  <button type="button" onClick={() => redrive.run({ DeadLetterIds: [DeadLetterId] })} disabled={redrive.isBusy}>
                    Redrive
                  </button>
                </td>
              </tr>
            ))}
          </Table>
          <MoreButton pages={pages} />
        </>
      )}
    </section>
  );
}

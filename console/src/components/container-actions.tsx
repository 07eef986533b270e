import { useRef, useState } from 'preact/hooks';
import { apiPath } from '../api/api';
import type { PoolContainer } from '../api/views';
import { useAction } from '../hooks/use-action';
import { ConfirmButton } from './confirm-button';
import { Field } from './field';
import { ErrorNote } from './notes';
import { submitting } from './submitting';

const RESIZED = ['cold', 'warm', 'paused', 'draining'];

/** An operator's hand on one container. */
export function ContainerActions({ container: { containerId, phase = '', memoryMb, inFlight = 0 } }: { container: PoolContainer }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [wantedMb, setWantedMb] = useState(memoryMb);
  const drain = useAction(async (api) => {
    await api.json('POST', apiPath(['pool', containerId, 'drain']));
    return `${containerId} is drained.`;
  });
  const resize = useAction(async (api) => {
    await api.json('PATCH', apiPath(['pool', containerId]), { json: { memoryMb: wantedMb } });
    dialog.current?.close();
    return `${containerId} has ${wantedMb} MB.`;
  });
  return (
    <>
      <button
        type="button"
        disabled={!RESIZED.includes(phase)}
        aria-label={`Resize ${containerId}`}
        onClick={() => {
          setWantedMb(memoryMb);
          dialog.current?.showModal();
        }}
      >
        Resize
      </button>
      <ConfirmButton
        label="Drain"
        question={`Take ${containerId} out of use? ${inFlight === 0 ? 'It serves no call now.' : 'Its calls finish first.'} The pool makes another one as it needs.`}
        isDisabled={drain.isBusy || phase === 'resetting' || phase === 'draining'}
        onConfirm={() => drain.run()}
      />
      <ErrorNote error={drain.error} />
      <dialog ref={dialog} aria-label={`Resize ${containerId}`}>
        <form onSubmit={submitting(() => resize.run())}>
          <Field label={`Memory of ${containerId}, MB`} hint="It keeps that until its function's memory is changed, or until it is reset.">
            <input
              type="number"
              min={128}
              max={10240}
              required
              value={wantedMb}
              onInput={(event) => setWantedMb(event.currentTarget.valueAsNumber)}
            />
          </Field>
          <ErrorNote error={resize.error} />
          <div class="buttons">
            <button type="submit" class="main" disabled={resize.isBusy}>
              Resize
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Field } from './field';
import { submitting } from './submitting';

interface Props {
  label: string;
  /** What is asked, and what it means. */
  question: string;
  onConfirm: () => void;
  /** Must be typed first: for what cannot be undone. */
  typed?: string;
  isDisabled?: boolean;
  /** Further choices. */
  children?: ComponentChildren;
}

/** A button that asks before it does it. */
export function ConfirmButton({ label, question, onConfirm, typed, isDisabled = false, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const close = (): void => dialog.current?.close();
  return (
    <>
      <button
        type="button"
        class="danger"
        disabled={isDisabled}
        onClick={() => {
          setText('');
          dialog.current?.showModal();
        }}
      >
        {label}
      </button>
      <dialog ref={dialog} aria-label={label}>
        <form
          onSubmit={submitting(() => {
            close();
            onConfirm();
          })}
        >
          <p>{question}</p>
          {children}
          {typed === undefined ? null : (
            <Field label={`Type ${typed} to confirm`}>
              <input value={text} onInput={(event) => setText(event.currentTarget.value)} autocomplete="off" />
            </Field>
          )}
          <div class="buttons">
            <button type="submit" class="danger" disabled={typed !== undefined && text !== typed}>
              {label}
            </button>
            <button type="button" onClick={close}>
              Cancel
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

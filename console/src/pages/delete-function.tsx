import { useState } from 'preact/hooks';
import { apiPath } from '../api/api';
import { ConfirmButton } from '../components/confirm-button';
import { ErrorNote } from '../components/notes';
import { useAction } from '../hooks/use-action';
import { linkTo } from '../route';

export function DeleteFunction({ name }: { name: string }) {
  const [isCascade, setIsCascade] = useState(false);
  const remove = useAction(async (api) => {
    await api.json('DELETE', apiPath(['functions', name], { cascade: isCascade ? 'true' : undefined }));
    location.hash = linkTo('functions');
    return `${name} is deleted.`;
  });
  return (
    <section aria-label="Delete">
      <h2>Delete</h2>
      <ErrorNote error={remove.error} />
      <ConfirmButton
        label="Delete the function"
        question={`Delete ${name} with all its versions, aliases and secrets? Calls that run now finish. It cannot be undone.`}
        typed={name}
        isDisabled={remove.isBusy}
        onConfirm={() => remove.run()}
      >
        <p>
          <label>
            <input type="checkbox" checked={isCascade} onChange={(event) => setIsCascade(event.currentTarget.checked)} /> Its triggers, too
          </label>
        </p>
      </ConfirmButton>
    </section>
  );
}

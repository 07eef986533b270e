import { useState } from 'preact/hooks';
import type { SecretView } from '@easyfaas/contracts/wire';
import { apiPath } from '../api/api';
import { Ago } from '../components/ago';
import { ConfirmButton } from '../components/confirm-button';
import { Field } from '../components/field';
import { ErrorNote } from '../components/notes';
import { Table } from '../components/table';
import { useAction } from '../hooks/use-action';
import { useLoad } from '../hooks/use-load';
import { submitting } from '../components/submitting';

/** Names and times; values go in and never come out. */
export function FunctionSecrets({ name }: { name: string }) {
  const path = ['functions', name, 'secrets'];
  const [secret, setSecret] = useState('');
  const [value, setValue] = useState('');
  const { data, error, reload } = useLoad((api, signal) => api.get<{ Secrets: SecretView[] }>(apiPath(path), signal), [name]);
  const put = useAction(async (api) => {
    await api.json('PUT', apiPath([...path, secret]), { json: { Value: value } });
    setSecret('');
    setValue('');
    reload();
    return `The secret ${secret} is set.`;
  });
  const remove = useAction(async (api, which: string) => {
    await api.json('DELETE', apiPath([...path, which]));
    reload();
    return `The secret ${which} is deleted.`;
  });
  return (
    <section aria-label="Secrets">
      <h2>Secrets</h2>
      <ErrorNote error={error ?? put.error ?? remove.error} />
      {data === undefined || data.Secrets.length === 0 ? null : (
        <Table label="Secrets" columns={['Name', 'Set', 'Actions']}>
          {data.Secrets.map(({ Name, LastModified }) => (
            <tr key={Name}>
              <td class="mono">{Name}</td>
              <td>
                <Ago at={LastModified} />
              </td>
              <td class="actions">
                <ConfirmButton
                  label="Delete"
                  question={`Delete the secret ${Name}? Calls from now on go without it.`}
                  onConfirm={() => remove.run(Name)}
                />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <form class="fields" onSubmit={submitting(() => put.run())}>
        <Field label="Name of the variable">
          <input value={secret} required onInput={(event) => setSecret(event.currentTarget.value)} autocomplete="off" />
        </Field>
        <Field label="Value">
          <input type="password" value={value} required onInput={(event) => setValue(event.currentTarget.value)} autocomplete="off" />
        </Field>
        <div class="buttons end">
          <button type="submit" disabled={put.isBusy}>
            Set the secret
          </button>
        </div>
      </form>
    </section>
  );
}

import { useState } from 'preact/hooks';
import type { AliasConfiguration } from '@easyfaas/contracts/wire';
import { apiPath } from '../api/api';
import { ConfirmButton } from '../components/confirm-button';
import { Field } from '../components/field';
import { EmptyState, ErrorNote } from '../components/notes';
import { Table } from '../components/table';
import { visibleText } from '../format/visible-text';
import { useAction } from '../hooks/use-action';
import { submitting } from '../components/submitting';

interface Props {
  name: string;
  aliases: readonly AliasConfiguration[];
  reload: () => void;
}

/** Where names point; the form makes one, or points one of that name somewhere else. */
export function FunctionAliases({ name, aliases, reload }: Props) {
  const [alias, setAlias] = useState('');
  const [version, setVersion] = useState('');
  const [other, setOther] = useState('');
  const [percent, setPercent] = useState(10);
  const point = useAction(async (api) => {
    const json = {
      FunctionVersion: version,
      RoutingConfig: other === '' ? {} : { AdditionalVersionWeights: { [other]: percent / 100 } },
    };
    const isThere = aliases.some(({ Name }) => Name === alias);
    if (isThere) await api.json('PUT', apiPath(['functions', name, 'aliases', alias]), { json });
    else await api.json('POST', apiPath(['functions', name, 'aliases']), { json: { Name: alias, ...json } });
    reload();
    return `${alias} points at version ${version}.`;
  });
  const remove = useAction(async (api, which: string) => {
    await api.json('DELETE', apiPath(['functions', name, 'aliases', which]));
    reload();
    return `The alias ${which} is deleted.`;
  });
  return (
    <section aria-label="Aliases">
      <h2>Aliases</h2>
      {aliases.length === 0 ? (
        <EmptyState title="No alias points here yet.">
          <p>An alias is a name for a version that callers keep while you change where it points.</p>
        </EmptyState>
      ) : (
        <Table label="Aliases" columns={['Alias', 'Version', 'Share to another', 'Description', 'Actions']}>
          {aliases.map(({ Name, FunctionVersion, RoutingConfig, Description }) => (
            <tr key={Name}>
              <td>{Name}</td>
              <td>{FunctionVersion}</td>
              <td>{weights(RoutingConfig?.AdditionalVersionWeights)}</td>
              <td class="clip">{visibleText(Description)}</td>
              <td class="actions">
                <ConfirmButton
                  label="Delete"
                  question={`Delete the alias ${Name}? Callers that use it get 404.`}
                  onConfirm={() => remove.run(Name)}
                />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <form class="fields" onSubmit={submitting(() => point.run())}>
        <Field label="Alias">
          <input value={alias} required onInput={(event) => setAlias(event.currentTarget.value)} autocomplete="off" />
        </Field>
        <Field label="Points at version">
          <input value={version} required onInput={(event) => setVersion(event.currentTarget.value)} autocomplete="off" />
        </Field>
        <Field label="Shared with version">
          <input value={other} onInput={(event) => setOther(event.currentTarget.value)} autocomplete="off" />
        </Field>
        <Field label="Share of that, %">
          <input
            type="number"
            min={0}
            max={100}
            value={percent}
            disabled={other === ''}
            onInput={(event) => setPercent(event.currentTarget.valueAsNumber)}
          />
        </Field>
        <div class="buttons end">
          <button type="submit" disabled={point.isBusy}>
            {aliases.some(({ Name }) => Name === alias) ? 'Point it there' : 'Make the alias'}
          </button>
        </div>
      </form>
      <ErrorNote error={point.error ?? remove.error} />
    </section>
  );
}

function weights(additional: Readonly<Record<string, number>> = {}): string {
  return Object.entries(additional)
    .map(([version, weight]) => `${Math.round(weight * 1000) / 10} % to ${version}`)
    .join(', ');
}

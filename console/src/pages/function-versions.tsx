import { useState } from 'preact/hooks';
import type { AliasConfiguration, FunctionConfiguration } from '@easyfaas/contracts/wire';
import { apiPath } from '../api/api';
import { Ago } from '../components/ago';
import { Badge } from '../components/badge';
import { ConfirmButton } from '../components/confirm-button';
import { Field } from '../components/field';
import { EmptyState, ErrorNote, Loading } from '../components/notes';
import { Table } from '../components/table';
import { visibleText } from '../format/visible-text';
import { useAction } from '../hooks/use-action';
import { useLoad } from '../hooks/use-load';
import { FunctionAliases } from './function-aliases';
import type { FunctionPart } from './function-page';
import { submitting } from '../components/submitting';

const PAGE = '100';

export function FunctionVersions({ name }: FunctionPart) {
  const [description, setDescription] = useState('');
  const { data, error, isLoading, reload } = useLoad(
    async (api, signal) => {
      const [{ Versions, NextMarker }, { Aliases }] = await Promise.all([
        api.get<{ Versions: FunctionConfiguration[]; NextMarker?: string }>(
          apiPath(['functions', name, 'versions'], { maxItems: PAGE }),
          signal,
        ),
        api.get<{ Aliases: AliasConfiguration[] }>(apiPath(['functions', name, 'aliases']), signal),
      ]);
      return { versions: Versions, aliases: Aliases, hasMore: NextMarker !== undefined };
    },
    [name],
  );
  const publish = useAction(async (api) => {
    const made = await api.json<FunctionConfiguration>('POST', apiPath(['functions', name, 'versions']), {
      json: description === '' ? {} : { Description: description },
    });
    setDescription('');
    reload();
    return `Version ${made.Version} is published.`;
  });
  const remove = useAction(async (api, version: string) => {
    await api.json('DELETE', apiPath(['functions', name], { Qualifier: version }));
    reload();
    return `Version ${version} is deleted.`;
  });
  return (
    <>
      <ErrorNote error={error} retry={reload} />
      <form class="fields" onSubmit={submitting(() => publish.run())}>
        <Field label="Words for the next version">
          <input value={description} maxLength={256} onInput={(event) => setDescription(event.currentTarget.value)} autocomplete="off" />
        </Field>
        <div class="buttons end">
          <button type="submit" disabled={publish.isBusy}>
            Publish a version
          </button>
        </div>
      </form>
      <ErrorNote error={publish.error ?? remove.error} />
      <h2>Versions</h2>
      {data === undefined && isLoading ? <Loading /> : null}
      {data?.versions.length === 0 ? (
        <EmptyState title="Nothing is published yet." command={`./easyfaas versions publish ${name}`} />
      ) : null}
      {data === undefined || data.versions.length === 0 ? null : (
        <Table label="Versions" columns={['Version', 'State', 'Changed', 'Memory', 'Description', 'Aliases', 'Actions']}>
          {data.versions.map(({ Version, State, LastModified, MemorySize, Description }) => (
            <tr key={Version}>
              <td>{Version}</td>
              <td>
                <Badge state={State} />
              </td>
              <td>
                <Ago at={LastModified} />
              </td>
              <td class="figure">{MemorySize} MB</td>
              <td class="clip">{visibleText(Description)}</td>
              <td>{pointing(data.aliases, Version)}</td>
              <td class="actions">
                {Version === '$LATEST' ? null : (
                  <ConfirmButton
                    label="Delete"
                    question={`Delete version ${Version} of ${name}? It cannot be undone.`}
                    onConfirm={() => remove.run(Version)}
                  />
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {data?.hasMore === true ? <p class="faint">The first {PAGE} versions are shown; the command line lists all.</p> : null}
      {data === undefined ? null : <FunctionAliases name={name} aliases={data.aliases} reload={reload} />}
    </>
  );
}

function pointing(aliases: readonly AliasConfiguration[], version: string): string {
  const names = aliases
    .filter(
      ({ FunctionVersion, RoutingConfig }) => FunctionVersion === version || RoutingConfig?.AdditionalVersionWeights[version] !== undefined,
    )
    .map(({ Name }) => Name);
  return names.join(', ');
}

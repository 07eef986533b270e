import { useState } from 'preact/hooks';
import { apiPath } from '../api/api';
import { Field } from '../components/field';
import { ErrorNote } from '../components/notes';
import { useAction } from '../hooks/use-action';
import { DeleteFunction } from './delete-function';
import { EnvironmentEditor } from './environment-editor';
import { rowsOf, variablesOf } from './environment-rows';
import type { FunctionPart } from './function-page';
import { FunctionSecrets } from './function-secrets';
import { submitting } from '../components/submitting';

/** Only what was changed is sent; somebody else's change in between is not overwritten. */
export function FunctionSettings({ name, view: { Configuration: it }, reload }: FunctionPart) {
  const [description, setDescription] = useState(it.Description);
  const [handler, setHandler] = useState(it.Handler);
  const [memoryMb, setMemoryMb] = useState(it.MemorySize);
  const [timeoutS, setTimeoutS] = useState(it.Timeout);
  const [quota, setQuota] = useState(it.PodConcurrentQuota);
  const [network, setNetwork] = useState(it.NetworkMode);
  const [rows, setRows] = useState(() => rowsOf(it.Environment.Variables));
  const [problem, setProblem] = useState('');
  const save = useAction(async (api, variables: Record<string, string>) => {
    const wanted = {
      Description: description,
      Handler: handler,
      MemorySize: memoryMb,
      Timeout: timeoutS,
      PodConcurrentQuota: quota,
      NetworkMode: network,
    };
    const changed = Object.entries(wanted).filter(([member, value]) => it[member as keyof typeof wanted] !== value);
    const isSame = JSON.stringify(variables) === JSON.stringify(it.Environment.Variables);
    await api.json('PUT', apiPath(['functions', name, 'configuration']), {
      json: { ...Object.fromEntries(changed), ...(isSame ? {} : { Environment: { Variables: variables } }) },
      headers: { 'If-Match': `"${it.RevisionId}"` },
    });
    reload();
    return 'The settings are saved.';
  });
  const number = (set: (value: number) => void) => (event: { currentTarget: HTMLInputElement }) => set(event.currentTarget.valueAsNumber);
  return (
    <>
      <form
        onSubmit={submitting(() => {
          const variables = variablesOf(rows);
          setProblem(typeof variables === 'string' ? variables : '');
          if (typeof variables !== 'string') save.run(variables);
        })}
      >
        <div class="fields">
          <Field label="Memory, MB" hint="Warm containers get it without a restart.">
            <input type="number" min={128} max={10240} required value={memoryMb} onInput={number(setMemoryMb)} />
          </Field>
          <Field label="Timeout, seconds">
            <input type="number" min={1} max={900} required value={timeoutS} onInput={number(setTimeoutS)} />
          </Field>
          <Field label="Calls at once in a container">
            <input type="number" min={1} max={1000} required value={quota} onInput={number(setQuota)} />
          </Field>
          <Field label="Network">
            <select value={network} onChange={(event) => setNetwork(event.currentTarget.value === 'egress' ? 'egress' : 'none')}>
              <option value="none">none</option>
              <option value="egress">egress: may call out</option>
            </select>
          </Field>
          <Field label="Handler">
            <input value={handler} required onInput={(event) => setHandler(event.currentTarget.value)} autocomplete="off" />
          </Field>
          <Field label="Description">
            <input value={description} maxLength={256} onInput={(event) => setDescription(event.currentTarget.value)} autocomplete="off" />
          </Field>
        </div>
        <EnvironmentEditor rows={rows} onChange={setRows} />
        {problem === '' ? null : (
          <p class="note bad" role="alert">
            {problem}
          </p>
        )}
        <div class="buttons">
          <button type="submit" class="main" disabled={save.isBusy}>
            Save
          </button>
        </div>
        <ErrorNote error={save.error} />
      </form>
      <FunctionSecrets name={name} />
      <DeleteFunction name={name} />
    </>
  );
}

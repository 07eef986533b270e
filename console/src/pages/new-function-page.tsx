import { useState } from 'preact/hooks';
import { apiPath } from '../api/api';
import type { RuntimeView } from '../api/views';
import { Field } from '../components/field';
import { ErrorNote, Loading } from '../components/notes';
import { PageHead } from '../components/page-head';
import { useAction } from '../hooks/use-action';
import { useLoad } from '../hooks/use-load';
import { linkTo } from '../route';
import { CodeSource, type CodeUpload } from './code-source';
import { sampleSource } from './sample-source';
import { submitting } from '../components/submitting';

export function NewFunctionPage() {
  const { data, error, reload } = useLoad((api, signal) => api.get<{ Runtimes: RuntimeView[] }>('/v1/runtimes', signal), []);
  return (
    <>
      <PageHead title="New function" />
      <ErrorNote error={error} retry={reload} />
      {data === undefined ? error === undefined ? <Loading /> : null : <NewFunction runtimes={data.Runtimes} />}
    </>
  );
}

function NewFunction({ runtimes }: { runtimes: readonly RuntimeView[] }) {
  const first = runtimes.find(({ Name }) => Name.startsWith('nodejs')) ?? runtimes[0];
  const [name, setName] = useState('');
  const [runtime, setRuntime] = useState(first);
  const [handler, setHandler] = useState(first?.HandlerExample ?? '');
  const [memoryMb, setMemoryMb] = useState('128');
  const [timeoutS, setTimeoutS] = useState('3');
  const [upload, setUpload] = useState(() => written(first));
  const create = useAction(async (api) => {
    if (runtime === undefined || upload === undefined) return undefined;
    const settings = { Runtime: runtime.Name, Handler: handler, MemorySize: memoryMb, Timeout: timeoutS };
    await api.json('POST', apiPath(['functions', name], settings), { body: upload.body, headers: { 'Content-Type': upload.type } });
    location.hash = linkTo('functions', name, 'invoke');
    return `${name} is made.`;
  });
  if (runtime === undefined) return <p>This installation has no runtimes.</p>;
  return (
    <form onSubmit={submitting(() => create.run())}>
      <div class="fields">
        <Field label="Name" hint="Letters, digits, - and _">
          <input
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            required
            maxLength={64}
            pattern="[A-Za-z0-9_\-]+"
            autocomplete="off"
          />
        </Field>
        <Field label="Runtime">
          <select
            value={runtime.Name}
            onChange={(event) => {
              const chosen = runtimes.find(({ Name }) => Name === event.currentTarget.value) ?? runtime;
              setRuntime(chosen);
              setHandler(chosen.HandlerExample);
              setUpload(written(chosen));
            }}
          >
            {runtimes.map(({ Name, Title }) => (
              <option key={Name} value={Name}>
                {Title} ({Name})
              </option>
            ))}
          </select>
        </Field>
        <Field label="Handler">
          <input value={handler} onInput={(event) => setHandler(event.currentTarget.value)} required autocomplete="off" />
        </Field>
        <Field label="Memory, MB">
          <input
            type="number"
            min={128}
            max={10240}
            value={memoryMb}
            onInput={(event) => setMemoryMb(event.currentTarget.value)}
            required
          />
        </Field>
        <Field label="Timeout, seconds">
          <input type="number" min={1} max={900} value={timeoutS} onInput={(event) => setTimeoutS(event.currentTarget.value)} required />
        </Field>
      </div>
      <CodeSource key={runtime.Name} runtime={runtime} sample={sampleSource(runtime.SourceContentTypes)} onChange={setUpload} />
      <div class="buttons">
        <button type="submit" class="main" disabled={create.isBusy || upload === undefined}>
          Create
        </button>
        <a class="button" href={linkTo('functions')}>
          Cancel
        </a>
      </div>
      <ErrorNote error={create.error} />
    </form>
  );
}

function written(runtime: RuntimeView | undefined): CodeUpload | undefined {
  const [type = ''] = runtime?.SourceContentTypes ?? [];
  const body = sampleSource([type]);
  return body === '' ? undefined : { body, type };
}

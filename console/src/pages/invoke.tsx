import { useRef, useState } from 'preact/hooks';
import { apiPath } from '../api/api';
import { Field } from '../components/field';
import { ErrorNote } from '../components/notes';
import { useAction } from '../hooks/use-action';
import type { FunctionPart } from './function-page';
import { InvokeAnswer } from './invoke-answer';
import { type InvokeResult, invokeResult } from './invoke-result';
import { submitting } from '../components/submitting';

const TYPES = ['application/json', 'text/plain'] as const;

/** Calls the function with what is written here. */
export function Invoke({ name }: FunctionPart) {
  const [payload, setPayload] = useState('{}');
  const [file, setFile] = useState<File | undefined>(undefined);
  const [type, setType] = useState<string>(TYPES[0]);
  const [qualifier, setQualifier] = useState('');
  const [isEvent, setIsEvent] = useState(false);
  const [result, setResult] = useState<InvokeResult | undefined>(undefined);
  const aborter = useRef<AbortController | undefined>(undefined);
  const invoke = useAction(async (api) => {
    aborter.current = new AbortController();
    setResult(undefined);
    const headers = {
      'Content-Type': file === undefined ? type : 'application/octet-stream',
      'X-Easyfaas-Log-Type': 'Tail',
      ...(isEvent ? { 'X-Easyfaas-Invoke-Type': 'event' } : {}),
    };
    const { signal } = aborter.current;
    const response = await api.send('POST', apiPath(['functions', name, 'invocations'], { Qualifier: qualifier }), {
      body: file ?? payload,
      headers,
      signal,
    });
    const answered = invokeResult(response.status, response.headers, new Uint8Array(await response.arrayBuffer()));
    setResult(answered);
    if (isEvent) return 'The event is kept and will be run.';
    return answered.functionError === undefined ? 'The function has answered.' : 'The function has failed.';
  });
  const problem = type === TYPES[0] && file === undefined ? jsonProblem(payload) : '';
  return (
    <>
      <form
        onSubmit={submitting(() => invoke.run())}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) invoke.run();
        }}
      >
        <Field label="Payload" hint={problem === '' ? 'Ctrl+Enter invokes.' : problem}>
          <textarea
            class="code"
            rows={6}
            spellcheck={false}
            value={payload}
            disabled={file !== undefined}
            onInput={(event) => setPayload(event.currentTarget.value)}
          />
        </Field>
        <div class="fields">
          <Field label="Sent as">
            <select value={type} onChange={(event) => setType(event.currentTarget.value)} disabled={file !== undefined}>
              {TYPES.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </Field>
          <Field label="A file instead">
            <input type="file" onChange={(event) => setFile(event.currentTarget.files?.[0])} />
          </Field>
          <Field label="Version or alias">
            <input
              value={qualifier}
              placeholder="$LATEST"
              onInput={(event) => setQualifier(event.currentTarget.value)}
              autocomplete="off"
            />
          </Field>
        </div>
        <div class="choices">
          <label>
            <input type="radio" name="kind" checked={!isEvent} onChange={() => setIsEvent(false)} />
            Wait for the answer
          </label>
          <label>
            <input type="radio" name="kind" checked={isEvent} onChange={() => setIsEvent(true)} />
            Queue it as an event
          </label>
        </div>
        <div class="buttons">
          <button type="submit" class="main" disabled={invoke.isBusy}>
            {invoke.isBusy ? 'Invoking…' : 'Invoke'}
          </button>
          {invoke.isBusy ? (
            <button type="button" onClick={() => aborter.current?.abort()}>
              Stop waiting
            </button>
          ) : null}
        </div>
      </form>
      <section aria-label="Answer">
        {isAbort(invoke.error) ? <p class="note">You have stopped waiting. The call may go on.</p> : <ErrorNote error={invoke.error} />}
        {result === undefined ? null : <InvokeAnswer result={result} />}
      </section>
    </>
  );
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

function jsonProblem(text: string): string {
  if (text.trim() === '') return '';
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return error instanceof SyntaxError ? 'This is no JSON: the function gets it as it is.' : String(error);
  }
}

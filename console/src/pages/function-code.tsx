import { useState } from 'preact/hooks';
import { apiPath } from '../api/api';
import type { RuntimeView } from '../api/views';
import { ErrorNote, Loading } from '../components/notes';
import { bytes } from '../format/figures';
import { useAction } from '../hooks/use-action';
import { useLoad } from '../hooks/use-load';
import { CodeSource, type CodeUpload } from './code-source';
import type { FunctionPart } from './function-page';
import { submitting } from '../components/submitting';

/** Replaces the code. What is there is not given out: it is a package, and its author has it. */
export function FunctionCode({ name, view: { Configuration }, reload }: FunctionPart) {
  const [upload, setUpload] = useState<CodeUpload | undefined>(undefined);
  const [isPublished, setIsPublished] = useState(false);
  const runtimes = useLoad((api, signal) => api.get<{ Runtimes: RuntimeView[] }>('/v1/runtimes', signal), []);
  const runtime = runtimes.data?.Runtimes.find(({ Name }) => Name === Configuration.Runtime);
  const update = useAction(async (api) => {
    if (upload === undefined) return undefined;
    await api.json('PUT', apiPath(['functions', name, 'code'], { Publish: isPublished ? 'true' : undefined }), {
      body: upload.body,
      headers: { 'Content-Type': upload.type, 'If-Match': `"${Configuration.RevisionId}"` },
    });
    reload();
    return isPublished ? 'The code is replaced and published as a version.' : 'The code is replaced; the next call runs it.';
  });
  return (
    <>
      <p class="faint">
        The package in use has {bytes(Configuration.CodeSize)}. Calls that run now finish with it; those after the upload run the new one.
      </p>
      <ErrorNote error={runtimes.error} retry={runtimes.reload} />
      {runtime === undefined ? (
        runtimes.isLoading ? (
          <Loading />
        ) : (
          <p>The runtime {Configuration.Runtime} is not part of this installation.</p>
        )
      ) : (
        <form onSubmit={submitting(() => update.run())}>
          <CodeSource runtime={runtime} sample="" onChange={setUpload} />
          <div class="choices">
            <label>
              <input type="checkbox" checked={isPublished} onChange={(event) => setIsPublished(event.currentTarget.checked)} />
              Publish it as a version
            </label>
          </div>
          <div class="buttons">
            <button type="submit" class="main" disabled={update.isBusy || upload === undefined}>
              Replace the code
            </button>
          </div>
          <ErrorNote error={update.error} />
        </form>
      )}
    </>
  );
}

import { useState } from 'preact/hooks';
import type { RuntimeView } from '../api/views';
import { Field } from '../components/field';
import { uploadType } from '../format/upload-type';

/** Code as it is sent. */
export interface CodeUpload {
  body: string | File;
  type: string;
}

interface Props {
  runtime: RuntimeView;
  sample: string;
  /** undefined: there is nothing yet that could be sent. */
  onChange: (upload: CodeUpload | undefined) => void;
}

/** Code that is written or pasted here, or a file: a zip or one source file. */
export function CodeSource({ runtime, sample, onChange }: Props) {
  const [isFile, setIsFile] = useState(false);
  const [text, setText] = useState(sample);
  const [problem, setProblem] = useState('');
  const [type = '', ...others] = runtime.SourceContentTypes.filter((each) => each.startsWith('text/'));
  const [language, setLanguage] = useState(type);
  const tell = (source: string, as: string): void => onChange(source.trim() === '' ? undefined : { body: source, type: as });
  const choose = (file: File | undefined): void => {
    const as = file === undefined ? undefined : uploadType(file.name, runtime.SourceContentTypes);
    setProblem(
      file !== undefined && as === undefined
        ? `${runtime.Name} takes a .zip, or one file of ${runtime.SourceContentTypes.join(', ')}.`
        : '',
    );
    onChange(file === undefined || as === undefined ? undefined : { body: file, type: as });
  };
  return (
    <fieldset>
      <legend>Code</legend>
      <div class="choices">
        <label>
          <input
            type="radio"
            name="source"
            checked={!isFile}
            onChange={() => {
              setIsFile(false);
              setProblem('');
              tell(text, language);
            }}
          />
          Write or paste
        </label>
        <label>
          <input
            type="radio"
            name="source"
            checked={isFile}
            onChange={() => {
              setIsFile(true);
              onChange(undefined);
            }}
          />
          Upload a zip or one file
        </label>
        {others.length === 0 || isFile ? null : (
          <select
            aria-label="Language"
            value={language}
            onChange={(event) => {
              setLanguage(event.currentTarget.value);
              tell(text, event.currentTarget.value);
            }}
          >
            {[type, ...others].map((each) => (
              <option key={each} value={each}>
                {each.replace(/^text\/(x-)?/, '')}
              </option>
            ))}
          </select>
        )}
      </div>
      {isFile ? (
        <Field label="File" {...(problem === '' ? {} : { hint: problem })}>
          <input type="file" onChange={(event) => choose(event.currentTarget.files?.[0])} />
        </Field>
      ) : (
        <Field label={`Source, stored as ${runtime.EntryFile}`}>
          <textarea
            class="code"
            rows={14}
            spellcheck={false}
            value={text}
            onInput={(event) => {
              setText(event.currentTarget.value);
              tell(event.currentTarget.value, language);
            }}
          />
        </Field>
      )}
    </fieldset>
  );
}

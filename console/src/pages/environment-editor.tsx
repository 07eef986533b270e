import { useState } from 'preact/hooks';
import type { EnvironmentRow } from './environment-rows';

/** Values are covered until they are asked for: somebody may look over a shoulder. */
export function EnvironmentEditor({ rows, onChange }: { rows: readonly EnvironmentRow[]; onChange: (rows: EnvironmentRow[]) => void }) {
  const [isOpen, setIsOpen] = useState(false);
  const change = (at: number, part: Partial<EnvironmentRow>): void =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));
  return (
    <fieldset>
      <legend>Environment</legend>
      {rows.map(({ name, value }, at) => (
        <div class="row" key={at}>
          <input
            aria-label={`Name of variable ${at + 1}`}
            class="mono"
            value={name}
            onInput={(event) => change(at, { name: event.currentTarget.value })}
            autocomplete="off"
            spellcheck={false}
          />
          <input
            aria-label={`Value of ${name === '' ? `variable ${at + 1}` : name}`}
            class="mono"
            {...(isOpen ? { type: 'text' as const } : { type: 'password' as const })}
            value={value}
            onInput={(event) => change(at, { value: event.currentTarget.value })}
            autocomplete="off"
            spellcheck={false}
          />
          <button type="button" onClick={() => onChange(rows.filter((_, index) => index !== at))} aria-label={`Remove ${name}`}>
            Remove
          </button>
        </div>
      ))}
      <div class="buttons">
        <button type="button" onClick={() => onChange([...rows, { name: '', value: '' }])}>
          Add a variable
        </button>
        {rows.length === 0 ? null : (
          <button type="button" aria-pressed={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? 'Cover values' : 'Show values'}
          </button>
        )}
      </div>
      <p class="hint">Passwords and tokens are better kept as secrets, which nobody reads again.</p>
    </fieldset>
  );
}

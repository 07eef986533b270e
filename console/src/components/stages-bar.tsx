import { type Stage, shares } from '../format/stages';
import { duration } from '../format/figures';
import { visibleText } from '../format/visible-text';

/** Where the time of a call went: a bar, and the same in figures. */
export function StagesBar({ stages }: { stages: readonly Stage[] }) {
  if (stages.length === 0) return null;
  const percents = shares(stages);
  return (
    <div class="stages">
      <div class="bar" aria-hidden="true">
        {stages.map(({ name }, at) => (
          <span key={name} class={`stage ${name}`} style={{ width: `${percents[at] ?? 0}%` }} />
        ))}
      </div>
      <ul aria-label="Stages">
        {stages.map(({ name, ms, reason }) => (
          <li key={name}>
            <span class={`dot ${name}`} aria-hidden="true" />
            {name} <b>{duration(ms)}</b>
            {reason === undefined ? null : <span class="faint"> {visibleText(reason)}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

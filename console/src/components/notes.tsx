import type { ComponentChildren } from 'preact';
import { describeFailure } from '../api/describe-failure';
import { visibleText } from '../format/visible-text';

/** What went wrong, in words; read out when it appears. Nothing without an error. */
export function ErrorNote({ error, retry }: { error: unknown; retry?: () => void }) {
  if (error === undefined) return null;
  const { title, text, requestId } = describeFailure(error);
  return (
    <div class="note bad" role="alert">
      <p>
        <strong>{title}.</strong> {visibleText(text)}
      </p>
      {requestId === undefined ? null : <p class="faint">Request {requestId}</p>}
      {retry === undefined ? null : (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Nothing is there yet: what to do next, and the command that does it. */
export function EmptyState({ title, command, children }: { title: string; command?: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {children}
      {command === undefined ? null : <pre class="command">{command}</pre>}
    </div>
  );
}

/** While something is asked for. */
export function Loading() {
  return (
    <p class="faint" role="status">
      Loading…
    </p>
  );
}

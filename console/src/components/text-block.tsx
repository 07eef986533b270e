import { type BodyText, SHOWN_BYTES } from '../format/body-text';
import { cutText, visibleText } from '../format/visible-text';
import { bytes } from '../format/figures';

interface Props extends BodyText {
  label: string;
  /** The whole of it, to be kept as a file. */
  whole?: { body: Uint8Array; fileName: string } | undefined;
}

/** A longer text from a function: as text, never as HTML, cut where it gets too long. */
export function TextBlock({ label, text, note, whole }: Props) {
  const cut = cutText(text, SHOWN_BYTES);
  const remark = note ?? (cut.leftOut > 0 ? `Cut: ${bytes(cut.leftOut)} more.` : undefined);
  return (
    <figure class="block">
      <figcaption>
        <span>{label}</span>
        {remark === undefined ? null : <span class="faint">{remark}</span>}
        {whole === undefined ? null : (
          <button type="button" class="plain" onClick={() => keep(whole.body, whole.fileName)}>
            Save as a file
          </button>
        )}
      </figcaption>
      {cut.text === '' ? null : (
        <pre tabIndex={0} aria-label={label}>
          {visibleText(cut.text)}
        </pre>
      )}
    </figure>
  );
}

function keep(body: Uint8Array, fileName: string): void {
  // Of no type that a browser would open: it is a function's.
  const url = URL.createObjectURL(new Blob([body.slice()], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}

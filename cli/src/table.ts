import type { Output } from './output';
import { escapeControls } from './escape-controls';

export interface Column<T> {
  title: string;
  value: (row: T) => string | number | undefined;
  align?: 'right';
  /** Colours a cell; gets its padded text. */
  paint?: (text: string, row: T) => string;
}

const GAP = '  ';

/** Aligned columns under a line of titles. An absent value is `-`. */
export function renderTable<T>(rows: readonly T[], columns: readonly Column<T>[], colors: Output['colors']): string {
  const cells = rows.map((row) => columns.map(({ value }) => escapeControls(String(value(row) ?? '-')).replaceAll('\n', ' ')));
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...cells.map((line) => (line[index] ?? '').length)));
  const pad = (text: string, index: number): string => {
    const width = widths[index] ?? 0;
    if (columns[index]?.align === 'right') return text.padStart(width);
    return index === columns.length - 1 ? text : text.padEnd(width);
  };
  const titles = columns.map(({ title }, index) => colors.dim(pad(title.toUpperCase(), index))).join(GAP);
  const lines = rows.map((row, at) =>
    columns
      .map(({ paint }, index) => {
        const text = pad(cells[at]?.[index] ?? '', index);
        return paint === undefined ? text : paint(text, row);
      })
      .join(GAP)
      .trimEnd(),
  );
  return [titles.trimEnd(), ...lines].join('\n');
}

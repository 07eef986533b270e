import pc from 'picocolors';
import type { CliIo } from './cli-io';
import { escapeControls } from './escape-controls';
import { type Column, renderTable } from './table';

/** What people and scripts read: results on standard output, everything about them on standard error. */
export class Output {
  readonly isJson: boolean;
  /** A person is watching standard output. */
  readonly isLive: boolean;
  readonly colors: ReturnType<typeof pc.createColors>;
  readonly #io: CliIo;

  constructor(io: CliIo, { isJson }: { isJson: boolean }) {
    this.#io = io;
    this.isJson = isJson;
    this.isLive = io.stdout.isTTY === true && io.env['TERM'] !== 'dumb' && !isJson;
    this.colors = pc.createColors(this.isLive && !io.env['NO_COLOR']);
  }

  /** With --json the value, else the text. */
  result(value: unknown, text: () => string): void {
    this.raw(this.isJson ? `${JSON.stringify(value)}\n` : ensureNewline(text()));
  }

  /** With --json the rows as one array, else a table, or `empty` when there is no row. */
  table<T>(rows: readonly T[], columns: readonly Column<T>[], empty: string): void {
    this.result(rows, () => (rows.length === 0 ? this.colors.dim(empty) : renderTable(rows, columns, this.colors)));
  }

  line(text = ''): void {
    this.raw(`${text}\n`);
  }

  /** Bytes as they are: a function's result may be anything. */
  raw(bytes: string | Uint8Array): void {
    this.#io.stdout.write(bytes);
  }

  /** About the result, not part of it. */
  note(text: string): void {
    this.#io.stderr.write(`${text}\n`);
  }

  /** Text of a function or of someone else: it cannot move the cursor or change colours. */
  readonly foreign = (text: string): string => escapeControls(text);
}

const ensureNewline = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

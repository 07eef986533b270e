// What the fault tests found, as a table: one row per fault, from the files that test/support/fault-report.ts writes.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const COLUMNS = ['attempted', 'lost', 'unexpected', 'duplicated', 'silent', 'recovered', 'orphans'];

/** @returns {string[]} lines of Markdown, none when no fault was reported */
export function faultTable(folder) {
  if (!existsSync(folder)) return [];
  const rows = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
    .sort((a, b) => Number(a.fault.slice(1)) - Number(b.fault.slice(1)) || a.injected.localeCompare(b.injected));
  if (rows.length === 0) return [];
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [
    row(['fault', 'injected', ...COLUMNS]),
    row(['---', '---', ...COLUMNS.map(() => '---:')]),
    ...rows.map((figures) => row([figures.fault, figures.injected, ...COLUMNS.map((name) => figures[name])])),
  ];
}

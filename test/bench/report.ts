import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../support/repository';
import { median } from './statistics';

export interface Figure {
  /** Row of 06-performance.md, such as `P1 c16`. */
  id: string;
  /** What was measured. */
  subject: string;
  unit: string;
  /** One value per round or sample. */
  values: number[];
  /** Against the baseline of the same run; the first subject of an id is its baseline and has none. */
  ratio?: number;
  /** Target for the ratio or the value, in words. */
  target?: string;
}

const number = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));

/** Prints one table with median, minimum, maximum and the ratio, and writes JSON and a chart under bench-results/. */
export function report(figures: readonly Figure[]): void {
  const rows = figures.map((figure) => [
    figure.id,
    figure.subject,
    number(median(figure.values)),
    number(Math.min(...figure.values)),
    number(Math.max(...figure.values)),
    String(figure.values.length),
    figure.unit,
    figure.ratio === undefined ? '' : figure.ratio.toFixed(2),
    figure.target ?? '',
  ]);
  const head = ['id', 'subject', 'median', 'min', 'max', 'n', 'unit', 'ratio', 'target'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  console.log([line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n'));
  console.log(
    `\n${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}; load generator, baseline, engine and functions share them. Ratios are medians of per-round ratios.`,
  );
  const directory = join(repositoryRoot, 'bench-results');
  mkdirSync(directory, { recursive: true });
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  writeFileSync(join(directory, `${stamp}.json`), `${JSON.stringify({ node: process.version, cores: cpus().length, figures }, null, 2)}\n`);
  writeFileSync(join(directory, `${stamp}.svg`), chart(figures));
  console.log(`written: bench-results/${stamp}.json and .svg`);
}

const BAR_HEIGHT = 18;
const LABEL_WIDTH = 330;
const BAR_WIDTH = 420;

/** Horizontal bars, one per figure, each id scaled by its own largest median. */
function chart(figures: readonly Figure[]): string {
  const bars = figures.map((figure, index) => {
    const largest = Math.max(...figures.filter((other) => other.id === figure.id).map((other) => median(other.values)));
    const width = largest > 0 ? (median(figure.values) / largest) * BAR_WIDTH : 0;
    const y = 30 + index * (BAR_HEIGHT + 6);
    const fill = figure.subject.startsWith('easyfaas') ? '#2563eb' : '#94a3b8';
    const text = `${number(median(figure.values))} ${figure.unit}${figure.ratio === undefined ? '' : ` (${figure.ratio.toFixed(2)} x)`}`;
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${y + 13}" text-anchor="end">${escape(`${figure.id}  ${figure.subject}`)}</text>`,
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" fill="${fill}"/>`,
      `<text x="${LABEL_WIDTH + width + 6}" y="${y + 13}">${escape(text)}</text>`,
    ].join('');
  });
  const height = 40 + figures.length * (BAR_HEIGHT + 6);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL_WIDTH + BAR_WIDTH + 200}" height="${height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/><text x="8" y="18" font-weight="bold">EasyFaaS benchmarks (medians)</text>${bars.join('')}</svg>\n`;
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

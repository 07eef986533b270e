import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from './checker';
import { repositoryRoot } from './repository';

/** Figures of one fault, for people; {@link reportFault} writes them. */
export interface FaultFigures {
  /** As in docs/reliability.md, such as `F3`. */
  fault: string;
  /** What was done, in a few words. */
  injected: string;
  /** Calls or events that clients sent. */
  attempted: number;
  verdict: Verdict;
  /** Things left behind: containers, directories, mounts. */
  orphans: number;
  /** How often each ending occurred. */
  endings: Record<string, number>;
  /** Other figures worth telling, such as `noticed after ms`. */
  measured?: Record<string, number>;
}

/** Writes `test-results/faults/<fault>-<n>.json`; scripts/test.mjs prints the table of all of them at the end of the stage. */
export function reportFault({ verdict, ...figures }: FaultFigures): void {
  const folder = join(repositoryRoot, 'test-results', 'faults');
  mkdirSync(folder, { recursive: true });
  const counts = {
    lost: verdict.lost.length,
    unexpected: verdict.unexpected.length,
    duplicated: Object.values(verdict.duplicated).reduce((sum, count) => sum + count, 0),
    silent: verdict.silent.length,
    recovered: verdict.recovered.length,
  };
  const name = `${figures.fault}-${figures.injected}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  writeFileSync(join(folder, `${name.slice(0, 100)}.json`), `${JSON.stringify({ ...figures, ...counts, verdict }, null, 2)}\n`);
}

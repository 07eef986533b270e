import type { CallRun } from './call-run';
import { reportFault } from './fault-report';
import type { LocalStack } from './local-stack';

/** Examples of a broken promise that are shown. */
const SHOWN = 5;

export interface Injection {
  /** As in docs/reliability.md. */
  fault: string;
  injected: string;
  measured?: Record<string, number>;
  orphanDeadlineMs?: number;
}

/**
 * Ends a run, waits until all is quiet, compares what clients heard with what ran, writes the report, and expects that no
 * promise was broken. Calls that ran although their client heard of a failure are told in the report only.
 */
export async function concludeRun(stack: LocalStack, run: CallRun, injection: Injection): Promise<void> {
  const { fault, injected, measured = {}, orphanDeadlineMs = 15_000 } = injection;
  await run.finish();
  const orphans = await stack.settledOrphans(orphanDeadlineMs);
  const verdict = run.verdict();
  const { attempted, tally } = run;
  reportFault({ fault, injected, attempted, verdict, orphans: orphans.length, endings: tally, measured });
  const { lost, unexpected, duplicated, silent } = verdict;
  const cut = (ids: readonly string[]): string[] => [
    ...ids.slice(0, SHOWN),
    ...(ids.length > SHOWN ? [`and ${ids.length - SHOWN} more`] : []),
  ];
  const broken = { lost: cut(lost), unexpected: cut(unexpected), duplicated: cut(Object.keys(duplicated)), silent: cut(silent), orphans };
  expect(broken).toEqual({ lost: [], unexpected: [], duplicated: [], silent: [], orphans: [] });
  const strange = run.endings.filter(({ kind }) => kind.startsWith('undocumented')).map(({ kind }) => kind);
  expect(cut(strange)).toEqual([]);
}

import type { Verdict } from './checker';
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
  /** Executions beyond the first that are not broken promises: 0 for calls, for events what ran when somebody was killed. */
  repeatedAtMost?: number;
}

/** Calls or events of one fault: {@link CallRun}, {@link EventRun}. */
export interface ConcludableRun {
  readonly attempted: number;
  /** How often each ending occurred. */
  readonly tally: Record<string, number>;
  finish(): Promise<unknown>;
  verdict(): Verdict;
}

/**
 * Ends a run, waits until all is quiet, compares what clients heard with what ran, writes the report, and expects that no
 * promise was broken. Calls that ran although their client heard of a failure are told in the report only.
 */
export async function concludeRun(stack: LocalStack, run: ConcludableRun, injection: Injection): Promise<void> {
  const { fault, injected, measured = {}, orphanDeadlineMs = 15_000, repeatedAtMost = 0 } = injection;
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
  const repeated = Object.values(duplicated).reduce((sum, count) => sum + count, 0) > repeatedAtMost ? Object.keys(duplicated) : [];
  const broken = { lost: cut(lost), unexpected: cut(unexpected), duplicated: cut(repeated), silent: cut(silent), orphans };
  expect(broken).toEqual({ lost: [], unexpected: [], duplicated: [], silent: [], orphans: [] });
  const strange = Object.keys(tally).filter((kind) => kind.startsWith('undocumented') || kind === 'hang');
  expect(cut(strange)).toEqual([]);
}

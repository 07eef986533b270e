/** What is known of a run's events or calls, all by unique id. */
export interface RunFacts {
  /** Sent by clients. */
  attempted: Iterable<string>;
  /** An ending is owed: every synchronous call that was sent, every event that was answered 202. */
  accepted: Iterable<string>;
  /** Starts of a handler, one entry each, from the {@link Ledger}. */
  executed: Iterable<string>;
  /** Ended: a call with an answer or a broken connection, an event in a terminal state. */
  ended: Iterable<string>;
  /** Of these, the ones that were said to have succeeded. */
  succeeded: Iterable<string>;
}

/** All but `recovered` and `duplicated` are broken promises; those two are bounded by the test. */
export interface Verdict {
  /** Accepted and never ended. */
  lost: string[];
  /** Executed without ever having been sent. */
  unexpected: string[];
  /** Executed more than once, with the number of executions beyond the first. */
  duplicated: Record<string, number>;
  /** Said to have succeeded, and never executed. */
  silent: string[];
  /** Executed although the client was not told so. */
  recovered: string[];
}

/** Compares what clients were told with what handlers did. */
export function check(facts: RunFacts): Verdict {
  const [attempted, ended, succeeded] = [new Set(facts.attempted), new Set(facts.ended), new Set(facts.succeeded)];
  const executions = new Map<string, number>();
  for (const id of facts.executed) executions.set(id, (executions.get(id) ?? 0) + 1);
  return {
    lost: [...new Set(facts.accepted)].filter((id) => !ended.has(id)),
    unexpected: [...executions.keys()].filter((id) => !attempted.has(id)),
    duplicated: Object.fromEntries([...executions].filter(([, count]) => count > 1).map(([id, count]) => [id, count - 1])),
    silent: [...succeeded].filter((id) => !executions.has(id)),
    recovered: [...executions.keys()].filter((id) => attempted.has(id) && !succeeded.has(id)),
  };
}

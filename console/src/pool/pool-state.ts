import type { StreamEvent } from '../api/event-stream';
import type { PoolContainer, PoolFacts } from '../api/views';

/** The pool as the stream has told it so far. */
export interface PoolState {
  connection: 'connecting' | 'live' | 'lost';
  containers: ReadonlyMap<string, PoolContainer>;
  facts: PoolFacts | undefined;
}

export const NO_POOL: PoolState = { connection: 'connecting', containers: new Map(), facts: undefined };

/** A new connection: the stream tells everything again, so what is not told any more is gone. */
export function opened(state: PoolState): PoolState {
  return { ...state, connection: 'live', containers: new Map() };
}

/** What is shown stays until the stream is back. */
export function lost(state: PoolState): PoolState {
  return { ...state, connection: 'lost' };
}

/** Events of other kinds are of later versions: they change nothing. */
export function received(state: PoolState, events: readonly StreamEvent[]): PoolState {
  let { facts } = state;
  const containers = new Map(state.containers);
  for (const { event, data } of events) {
    if (event === 'pool') facts = JSON.parse(data) as PoolFacts;
    if (event === 'container') {
      const container = JSON.parse(data) as PoolContainer;
      containers.set(container.containerId, container);
    }
    if (event === 'gone') containers.delete((JSON.parse(data) as { containerId: string }).containerId);
  }
  return { ...state, containers, facts };
}

/** Those that serve a function first, by its name; then the others by runtime; the oldest first among equals. */
export function inOrder(containers: Iterable<PoolContainer>): PoolContainer[] {
  const key = ({ assignment, runtime, network, classMb }: PoolContainer): string =>
    assignment === undefined
      ? `1 ${runtime} ${network} ${String(classMb).padStart(6)}`
      : `0 ${assignment.functionName} ${assignment.version}`;
  return [...containers].sort((a, b) => compare(key(a), key(b)) || a.createdAtMs - b.createdAtMs || compare(a.containerId, b.containerId));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Memory in use, MB; undefined until its supervisor has said something. */
export function usedMb({ stats }: PoolContainer): number | undefined {
  if (stats?.memoryBytes !== undefined) return stats.memoryBytes / 1024 / 1024;
  return stats?.rssKb === undefined ? undefined : stats.rssKb / 1024;
}

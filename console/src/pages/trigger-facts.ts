import type { TriggerView } from '@easyfaas/contracts/wire';

/** When a trigger fires next, soonest first; none for those that wait for something. */
export function nextRuns({ Details }: Pick<TriggerView, 'Details'>): string[] {
  const runs = Details['NextRuns'];
  return Array.isArray(runs) ? runs.filter((run) => typeof run === 'string') : [];
}

/** What it listens to, in a line: the members of its configuration that say it. */
export function listensTo({ Configuration }: Pick<TriggerView, 'Configuration'>): string {
  const told = ['Schedule', 'Path', 'Stream', 'Queue', 'Url', 'Topics', 'Scheme'].flatMap((member) => {
    const value = Configuration[member];
    if (typeof value === 'string') return [value];
    return Array.isArray(value) ? [value.filter((each) => typeof each === 'string').join(', ')] : [];
  });
  return told.join(' ');
}

/** Counters that are not 0. */
export function countersText({ Counters }: Pick<TriggerView, 'Counters'>): string {
  const told = Object.entries(Counters).filter(([, count]) => count > 0);
  return told.length === 0 ? 'nothing yet' : told.map(([name, count]) => `${count} ${words(name)}`).join(', ');
}

/** `DeadLettered`: `dead lettered`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter, at: number) => `${at === 0 ? '' : ' '}${letter.toLowerCase()}`);
}

import type { TriggerFilter } from '@easyfaas/contracts/wire';
import { invalidField } from '../../invalid-field';
import { type EventTest, compilePattern } from './event-pattern';

/**
 * Whether an event passes a trigger's filter: one of its patterns matches. Without a filter everything passes.
 * @throws ServiceError VALIDATION_FAILED
 */
export function compileFilter(filter: TriggerFilter | undefined): EventTest {
  if (filter === undefined) return () => true;
  const tests = filter.Filters.map(({ Pattern }, index) => compilePattern(valueOf(Pattern, index), `Filter.Filters.${index}.Pattern`));
  return (event) => tests.some((test) => test(event));
}

/** AWS's API has the pattern as text, which is unhandy in JSON; both are taken. */
function valueOf(pattern: Record<string, unknown> | string, index: number): unknown {
  if (typeof pattern !== 'string') return pattern;
  const place = `Filter.Filters.${index}.Pattern`;
  try {
    return JSON.parse(pattern);
  } catch {
    throw invalidField(place, `${place} is a text that is not JSON.`);
  }
}

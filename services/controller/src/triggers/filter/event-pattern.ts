import { invalidField } from '../../invalid-field';
import { type ValueTest, compileRule } from './pattern-rule';

/** Says whether an event, a value as JSON has it, matches. */
export type EventTest = (event: unknown) => boolean;

const MAX_DEPTH = 10;
const MAX_RULES = 300;

/**
 * AWS Lambda's and EventBridge's event pattern: an object shaped like the event whose leaves are lists of alternatives: values,
 * or rules (`prefix`, `suffix`, `equals-ignore-case`, `numeric`, `exists`, `anything-but`, `wildcard`). All members of an object
 * must match, `$or` needs one of its patterns; where the event has a list, one of its elements must match.
 * @throws ServiceError VALIDATION_FAILED naming the place
 */
export function compilePattern(pattern: unknown, place: string): EventTest {
  return objectTest(pattern, place, { depth: 0, rules: { left: MAX_RULES } });
}

interface Limits {
  depth: number;
  rules: { left: number };
}

function objectTest(pattern: unknown, place: string, limits: Limits): EventTest {
  if (typeof pattern !== 'object' || pattern === null || Array.isArray(pattern)) throw invalidField(place, `${place} must be an object.`);
  if (limits.depth >= MAX_DEPTH) throw invalidField(place, `${place} is nested deeper than ${MAX_DEPTH} levels, the limit.`);
  const members = Object.entries(pattern);
  if (members.length === 0) throw invalidField(place, `${place} is empty: name at least one member.`);
  const inner = { ...limits, depth: limits.depth + 1 };
  const tests = members.map(([name, value]) => {
    const where = `${place}.${name}`;
    return name === '$or' ? anyOf(value, where, inner) : memberTest(name, value, where, inner);
  });
  return (event) => tests.every((test) => test(event));
}

function anyOf(value: unknown, place: string, limits: Limits): EventTest {
  if (!Array.isArray(value) || value.length < 2) throw invalidField(place, `${place} must be a list of two patterns or more.`);
  const tests = value.map((each, index) => objectTest(each, `${place}.${index}`, limits));
  return (event) => tests.some((test) => test(event));
}

function memberTest(name: string, value: unknown, place: string, limits: Limits): EventTest {
  if (!Array.isArray(value)) {
    const test = objectTest(value, place, limits);
    return (event) => valuesOf(event, name).some((each) => test(each)) || (!hasMember(event, name) && test(undefined));
  }
  if (value.length === 0) throw invalidField(place, `${place} is an empty list: nothing could match.`);
  const rules = value.map((rule, index) => {
    if (--limits.rules.left < 0) throw invalidField(place, `The pattern has over ${MAX_RULES} rules, the limit.`);
    return compileRule(rule, `${place}.${index}`);
  });
  return (event) => matches(rules, valuesOf(event, name));
}

function matches(rules: readonly ValueTest[], values: readonly unknown[]): boolean {
  if (values.length === 0) return rules.some((rule) => rule.matchesAbsent);
  return values.some((value) => rules.some((rule) => rule.matches(value)));
}

function hasMember(event: unknown, name: string): boolean {
  return valuesOf(event, name).length > 0;
}

/** What the event has under the name: lists stand for their elements, at both ends. */
function valuesOf(event: unknown, name: string): unknown[] {
  if (Array.isArray(event)) return event.flatMap((each) => valuesOf(each, name));
  if (typeof event !== 'object' || event === null || !Object.hasOwn(event, name)) return [];
  const value = (event as Record<string, unknown>)[name];
  return Array.isArray(value) ? value.flat(1) : [value];
}

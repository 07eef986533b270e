import { invalidField } from '../../invalid-field';

/** One alternative for one value. */
export interface ValueTest {
  matches: (value: unknown) => boolean;
  /** Whether it matches an event that does not have the member. */
  matchesAbsent: boolean;
}

type Plain = string | number | boolean | null;

/** @throws ServiceError VALIDATION_FAILED naming the place */
export function compileRule(rule: unknown, place: string): ValueTest {
  if (isPlain(rule)) return present((value) => value === rule);
  if (typeof rule !== 'object' || Array.isArray(rule)) throw invalidField(place, `${place} must be a value or a rule.`);
  const members = Object.entries(rule as Record<string, unknown>);
  const [name, operand] = members[0] ?? [''];
  if (members.length !== 1) throw invalidField(place, `${place} must have exactly one member: the rule's name.`);
  switch (name) {
    case 'prefix':
    case 'suffix':
    case 'equals-ignore-case':
    case 'wildcard':
      return present(textTest(name, operand, place));
    case 'numeric':
      return present(numericTest(operand, place));
    case 'exists':
      return existsTest(operand, place);
    case 'anything-but':
      return present(anythingBut(operand, place));
    default:
      throw invalidField(
        place,
        `${place}: there is no rule "${name.slice(0, 40)}"; prefix, suffix, equals-ignore-case, wildcard, numeric, exists and anything-but are there.`,
      );
  }
}

const present = (matches: (value: unknown) => boolean): ValueTest => ({ matches, matchesAbsent: false });

function isPlain(value: unknown): value is Plain {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function textTest(name: string, operand: unknown, place: string): (value: unknown) => boolean {
  if (typeof operand !== 'string' || operand === '') throw invalidField(place, `${place}: ${name} needs a text.`);
  const lower = operand.toLowerCase();
  const pieces = operand.split('*');
  return (value) => {
    if (typeof value !== 'string') return false;
    if (name === 'prefix') return value.startsWith(operand);
    if (name === 'suffix') return value.endsWith(operand);
    if (name === 'wildcard') return matchesWildcard(value, pieces);
    return value.toLowerCase() === lower;
  };
}

/** From left to right, each piece at its first place: no regular expression, so no text can make it slow. */
function matchesWildcard(value: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  if (pieces.length === 1) return value === first;
  if (!value.startsWith(first) || value.length < first.length + last.length || !value.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = value.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= value.length - last.length;
}

const COMPARISONS: Partial<Record<string, (value: number, limit: number) => boolean>> = {
  '=': (value, limit) => value === limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

function numericTest(operand: unknown, place: string): (value: unknown) => boolean {
  const isList = Array.isArray(operand) && (operand.length === 2 || operand.length === 4);
  if (!isList) throw invalidField(place, `${place}: numeric needs a list such as [">", 0] or [">", 0, "<=", 5].`);
  const parts = operand as unknown[];
  const tests: ((value: number) => boolean)[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const compare = COMPARISONS[String(parts[at])];
    const limit = parts[at + 1];
    if (compare === undefined || typeof limit !== 'number')
      throw invalidField(place, `${place}: numeric takes =, <, <=, > and >= with a number.`);
    tests.push((value) => compare(value, limit));
  }
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

function existsTest(operand: unknown, place: string): ValueTest {
  if (typeof operand !== 'boolean') throw invalidField(place, `${place}: exists needs true or false.`);
  return { matches: () => operand, matchesAbsent: !operand };
}

function anythingBut(operand: unknown, place: string): (value: unknown) => boolean {
  if (isPlain(operand)) return (value) => value !== operand;
  if (Array.isArray(operand)) {
    if (operand.length === 0 || !operand.every(isPlain)) throw invalidField(place, `${place}: anything-but needs a list of values.`);
    const excluded = new Set<unknown>(operand);
    return (value) => !excluded.has(value);
  }
  const { matches } = compileRule(operand, place);
  return (value) => !matches(value);
}

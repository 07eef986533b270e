import { compileFilter } from './event-filter';

const passes = (Pattern: Record<string, unknown> | string, event: unknown): boolean => compileFilter({ Filters: [{ Pattern }] })(event);

describe('a filter', () => {
  it('lets everything through where there is none', () => {
    expect(compileFilter(undefined)(null)).toBe(true);
  });

  it.each<[string, Record<string, unknown>, unknown, boolean]>([
    ['an equal text', { kind: ['a'] }, { kind: 'a' }, true],
    ['another text', { kind: ['a'] }, { kind: 'b' }, false],
    ['one of several', { kind: ['a', 'b'] }, { kind: 'b' }, true],
    ['a number that is a text', { n: [1] }, { n: '1' }, false],
    ['null', { n: [null] }, { n: null }, true],
    ['null where it is absent', { n: [null] }, {}, false],
    ['true', { b: [true] }, { b: true }, true],
    ['all members', { a: [1], b: [2] }, { a: 1, b: 2 }, true],
    ['not all members', { a: [1], b: [2] }, { a: 1 }, false],
    ['a member of a member', { a: { b: [1] } }, { a: { b: 1, c: 2 } }, true],
    ['an element of a list', { tags: ['x'] }, { tags: ['y', 'x'] }, true],
    ['no element of a list', { tags: ['x'] }, { tags: ['y'] }, false],
    ['a member of an element', { items: { id: [2] } }, { items: [{ id: 1 }, { id: 2 }] }, true],
    ['a prefix', { s: [{ prefix: 'ab' }] }, { s: 'abc' }, true],
    ['a prefix of a number', { s: [{ prefix: '1' }] }, { s: 12 }, false],
    ['a suffix', { s: [{ suffix: '.jpg' }] }, { s: 'a.jpg' }, true],
    ['case', { s: [{ 'equals-ignore-case': 'AbC' }] }, { s: 'aBc' }, true],
    ['a wildcard', { s: [{ wildcard: 'a*c*e' }] }, { s: 'abcde' }, true],
    ['a wildcard whose ends overlap', { s: [{ wildcard: 'ab*ba' }] }, { s: 'aba' }, false],
    ['a wildcard out of order', { s: [{ wildcard: 'a*d*c*e' }] }, { s: 'acde' }, false],
    ['a range', { n: [{ numeric: ['>', 0, '<=', 5] }] }, { n: 5 }, true],
    ['beside a range', { n: [{ numeric: ['>', 0, '<=', 5] }] }, { n: 0 }, false],
    ['a number in a text', { n: [{ numeric: ['=', 5] }] }, { n: '5' }, false],
    ['being there', { n: [{ exists: true }] }, { n: null }, true],
    ['being there where it is not', { n: [{ exists: true }] }, {}, false],
    ['being absent', { n: [{ exists: false }] }, {}, true],
    ['being absent, deep', { a: { n: [{ exists: false }] } }, {}, true],
    ['being absent where it is there', { n: [{ exists: false }] }, { n: 1 }, false],
    ['anything but', { s: [{ 'anything-but': ['a', 'b'] }] }, { s: 'c' }, true],
    ['anything but what it is', { s: [{ 'anything-but': 'a' }] }, { s: 'a' }, false],
    ['anything but where it is absent', { s: [{ 'anything-but': 'a' }] }, {}, false],
    ['anything but a prefix', { s: [{ 'anything-but': { prefix: 'a' } }] }, { s: 'abc' }, false],
    ['one of two patterns', { $or: [{ a: [1] }, { b: [2] }] }, { b: 2 }, true],
    ['none of two patterns', { $or: [{ a: [1] }, { b: [2] }] }, { b: 1 }, false],
    ['an inherited member', { constructor: [{ exists: true }] }, {}, false],
    ['an event that is no object', { a: [1] }, 'text', false],
    ['an event that is nothing', { a: [{ exists: false }] }, null, true],
  ])('judges %s', (_title, pattern, event, expected) => {
    expect(passes(pattern, event)).toBe(expected);
    expect(passes(JSON.stringify(pattern), event)).toBe(expected);
  });

  it('needs one of its patterns', () => {
    const test = compileFilter({ Filters: [{ Pattern: { a: [1] } }, { Pattern: { a: [2] } }] });
    expect([1, 2, 3].map((a) => test({ a }))).toEqual([true, true, false]);
  });

  it.each<[string, Record<string, unknown> | string, string]>([
    ['nothing', {}, 'is empty'],
    ['an empty list', { a: [] }, 'empty list'],
    ['a value without a list', { a: 'x' }, 'must be an object'],
    ['an unknown rule', { a: [{ like: 'x' }] }, 'there is no rule "like"'],
    ['two rules in one', { a: [{ prefix: 'a', suffix: 'b' }] }, 'exactly one member'],
    ['a list in a list', { a: [['x']] }, 'a value or a rule'],
    ['a prefix that is a number', { a: [{ prefix: 1 }] }, 'needs a text'],
    ['half a range', { a: [{ numeric: ['>'] }] }, 'numeric needs a list'],
    ['an unknown comparison', { a: [{ numeric: ['~', 1] }] }, 'numeric takes'],
    ['exists with a text', { a: [{ exists: 'yes' }] }, 'true or false'],
    ['an $or of one', { $or: [{ a: [1] }] }, 'two patterns'],
    ['text that is not JSON', '{', 'not JSON'],
    ['over 300 rules', { a: Array.from({ length: 301 }, (_, index) => index) }, 'over 300 rules'],
  ])('refuses %s', (_title, pattern, words) => {
    expect(() => passes(pattern, {})).toThrow(words);
  });

  it('refuses what is nested too deep', () => {
    let pattern: Record<string, unknown> = { a: [1] };
    for (let depth = 0; depth < 11; depth += 1) pattern = { a: pattern };
    expect(() => passes(pattern, {})).toThrow('deeper than 10 levels');
  });
});

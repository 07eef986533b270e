import type { Request } from 'express';
import { readInteger, readQuery } from './query';

const request = (query: Record<string, string | string[]>): Request => ({ query }) as unknown as Request;

describe('the query', () => {
  it('gives known parameters', () => {
    expect(readQuery(request({ a: '1' }), ['a', 'b'])).toEqual({ a: '1' });
  });

  it('names what is unknown or given twice', () => {
    expect(() => readQuery(request({ x: '1' }), ['a'])).toThrow(/"x" is unknown; allowed are a/);
    expect(() => readQuery(request({ x: '1' }), [])).toThrow(/takes none/);
    expect(() => readQuery(request({ a: ['1', '2'] }), ['a'])).toThrow(/a is given more than once/);
    expect(() => readQuery(request({ 'a[__proto__][x]': '1' }), ['a'])).toThrow(/unknown/);
  });
});

describe('a whole number in a query', () => {
  it.each(['0', '7', '100', '007'])('may be %s', (text) => {
    expect(readInteger('n', text, { min: 0, max: 100 })).toBe(Number(text));
  });

  it.each(['', ' ', '-1', '+1', '1.0', '1e2', '0x10', '101', '９', '1 ', 'NaN', 'Infinity', '9'.repeat(20)])('may not be %j', (text) => {
    expect(() => readInteger('n', text, { min: 0, max: 100 })).toThrow(/n must be a whole number from 0 to 100/);
  });
});

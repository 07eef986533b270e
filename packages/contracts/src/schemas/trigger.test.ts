import { parse } from './parse';
import { createTriggerRequestSchema, storedTriggerSchema, updateTriggerRequestSchema } from './trigger';

const CREATE = { Source: 'cron', FunctionName: 'report', Configuration: { Schedule: 'rate(5 minutes)' } };
const STORED = {
  triggerId: '0123456789abcdef',
  accountId: 'default',
  name: 'nightly',
  source: 'cron',
  functionName: 'report',
  qualifier: '$LATEST',
  configuration: { Schedule: 'rate(5 minutes)' },
  secrets: {},
  errorPolicy: {},
  isEnabled: true,
  revisionId: 'r1',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};

const without = (value: object, member: string): object => Object.fromEntries(Object.entries(value).filter(([name]) => name !== member));

describe('the schemas of triggers', () => {
  it('take what is well-formed', () => {
    expect(parse(createTriggerRequestSchema, CREATE)).toEqual(CREATE);
    expect(parse(updateTriggerRequestSchema, {})).toEqual({});
    expect(parse(storedTriggerSchema, STORED)).toEqual(STORED);
    expect(parse(storedTriggerSchema, { ...STORED, addedLater: 1 })).toHaveProperty('addedLater', 1);
  });

  it.each(['Source', 'FunctionName'])('need %s to create one', (member) => {
    expect(() => parse(createTriggerRequestSchema, without(CREATE, member))).toThrow(member);
  });

  it.each(Object.keys(STORED))('need %s of a stored one', (member) => {
    expect(() => parse(storedTriggerSchema, without(STORED, member))).toThrow(member);
  });

  it.each([
    ['an unknown member', { Nothing: 1 }, 'Nothing'],
    ['a number as text', { Batch: { Size: '5' } }, 'Size'],
    ['a batch that is too large', { Batch: { Size: 1001 } }, 'Size'],
    ['a filter without patterns', { Filter: { Filters: [] } }, 'Filters'],
    ['a name with a slash', { Name: 'a/b' }, 'Name'],
    ['a secret that is a number', { Secrets: { HmacSecret: 5 } }, 'HmacSecret'],
    ['a source with capitals', { Source: 'Cron' }, 'Source'],
  ])('refuse %s', (_title, change, path) => {
    expect(() => parse(createTriggerRequestSchema, { ...CREATE, ...change })).toThrow(path);
  });
});

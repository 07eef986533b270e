import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type Joi from 'joi';
import {
  createFunctionRequestSchema,
  functionConcurrencySchema,
  storedFunctionSchema,
  updateCodeRequestSchema,
  updateConfigurationRequestSchema,
} from './function';
import { createKeyRequestSchema } from './key';
import { SchemaError, parse } from './parse';

const FIXTURES = join(__dirname, '../../fixtures/function');

/** By the beginning of a fixture's name. */
const SCHEMAS: [string, Joi.Schema][] = [
  ['stored-function', storedFunctionSchema],
  ['create-function', createFunctionRequestSchema],
  ['update-configuration', updateConfigurationRequestSchema],
  ['update-code', updateCodeRequestSchema],
  ['concurrency', functionConcurrencySchema],
];

const names = (kind: string): string[] => readdirSync(join(FIXTURES, kind));
const read = (kind: string, name: string): object => JSON.parse(readFileSync(join(FIXTURES, kind, name), 'utf8')) as object;

function schemaOf(name: string): Joi.Schema {
  const schema = SCHEMAS.find(([prefix]) => name.startsWith(prefix))?.[1];
  if (schema === undefined) throw new Error(`no schema for ${name}`);
  return schema;
}

/** Copies of the value, each without one member, with that member's dotted name. */
function withoutEach(value: object, path: string[] = []): [string, object][] {
  return Object.entries(value as Record<string, unknown>).flatMap(([name, member]) => {
    const rest = Object.fromEntries(Object.entries(value as Record<string, unknown>).filter(([other]) => other !== name));
    const inner = typeof member === 'object' && member !== null ? withoutEach(member, [...path, name]) : [];
    return [[[...path, name].join('.'), rest], ...inner.map(([at, changed]): [string, object] => [at, { ...value, [name]: changed }])];
  });
}

describe('the schemas of functions', () => {
  it.each(names('valid'))('take %s as it is', (name) => {
    expect(parse<unknown>(schemaOf(name), read('valid', name))).toEqual(read('valid', name));
  });

  it.each(names('invalid'))('refuse %s', (name) => {
    expect(() => parse<unknown>(schemaOf(name), read('invalid', name))).toThrow(SchemaError);
  });

  it('need every member of a stored function but the optional ones', () => {
    const optional = ['Environment.Variables.GREETING', 'Tags.team', 'StateReason'].map((name) => `configuration.${name}`);
    for (const [path, value] of withoutEach(read('valid', 'stored-function.json'))) {
      const isOptional = optional.includes(path) || path === 'concurrency.ReservedConcurrentExecutions';
      const take = (): unknown => parse(storedFunctionSchema, value);
      if (isOptional) expect(take).not.toThrow();
      else expect(take).toThrow(path.split('.').at(-1));
    }
  });

  it.each(['Runtime', 'Handler', 'Code', 'Code.ZipFile'])('need %s in a creation', (path) => {
    const value = withoutEach(read('valid', 'create-function.json')).find(([at]) => at === path)?.[1];
    expect(() => parse(createFunctionRequestSchema, value)).toThrow(path);
  });

  it('let members of a newer version through in stored functions only', () => {
    const stored = { ...read('valid', 'stored-function.json'), newer: 1 };
    expect(parse(storedFunctionSchema, stored)).toEqual(stored);
    expect(() => parse(updateConfigurationRequestSchema, { newer: 1 })).toThrow(/newer/);
  });

  it('name the limit that is broken', () => {
    expect(() => parse(updateConfigurationRequestSchema, { MemorySize: 64 })).toThrow(/MemorySize.*128/);
    expect(() => parse(updateConfigurationRequestSchema, { Timeout: 901 })).toThrow(/Timeout.*900/);
  });
});

describe('the schema of key requests', () => {
  it.each([{}, { AccountId: 'tenant-1' }, { Scopes: ['admin', 'read'], Description: '' }])('takes %j', (value) => {
    expect(parse(createKeyRequestSchema, value)).toEqual(value);
  });

  it.each([
    { AccountId: '' },
    { AccountId: 'A' },
    { AccountId: 'a:b' },
    { Scopes: [] },
    { Scopes: ['root'] },
    { Scopes: ['read', 'read'] },
    { Key: 'x' },
  ])('refuses %j', (value) => {
    expect(() => parse(createKeyRequestSchema, value)).toThrow(SchemaError);
  });
});

/** JSON Schema, draft 2020-12, which is what OpenAPI 3.1 takes. */
export type JsonSchema = Record<string, unknown>;

interface Optional {
  isOptional: true;
  schema: JsonSchema;
}

/** A schema for each member of the type, optional where the member is. */
export type Members<T> = { [Name in keyof T]-?: object extends Pick<T, Name> ? Optional : JsonSchema };

/*
 * Words to write schemas of answers with. They are made when the document is asked for and let go with it: nothing here may be a
 * constant that stays. Members may be added to answers at any time, so that nothing here refuses unknown ones.
 */

export const described = (schema: JsonSchema, description: string): JsonSchema => ({ ...schema, description });
const withDescription = (schema: JsonSchema, description: string | undefined): JsonSchema =>
  description === undefined ? schema : { ...schema, description };

export const text = (description?: string): JsonSchema => withDescription({ type: 'string' }, description);
/** ISO 8601, UTC. */
export const time = (description?: string): JsonSchema => withDescription({ type: 'string', format: 'date-time' }, description);
export const count = (description?: string): JsonSchema => withDescription({ type: 'integer', minimum: 0 }, description);
export const figure = (description?: string): JsonSchema => withDescription({ type: 'number' }, description);
export const flag = (description?: string): JsonSchema => withDescription({ type: 'boolean' }, description);
export const oneOf = (values: readonly (string | null)[], description?: string): JsonSchema =>
  withDescription({ enum: values }, description);
export const listOf = (items: JsonSchema, description?: string): JsonSchema => withDescription({ type: 'array', items }, description);
/** Any names, values of one kind. */
export const mapOf = (values: JsonSchema, description?: string): JsonSchema =>
  withDescription({ type: 'object', additionalProperties: values }, description);
/** An object whose members depend on something else. */
export const anyObject = (description: string): JsonSchema => ({ type: 'object', description });
export const anything = (description: string): JsonSchema => ({ description });
/** Another schema of the document. */
export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
export const optional = (schema: JsonSchema): Optional => ({ isOptional: true, schema });

/** @typeParam T the type of the wire that it describes: none of its members may be forgotten */
export function objectOf<T extends object>(description: string | undefined, members: Members<T>): JsonSchema {
  const entries = Object.entries<JsonSchema | Optional>(members as Record<string, JsonSchema | Optional>);
  const required = entries.filter(([, member]) => !isOptional(member)).map(([name]) => name);
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(entries.map(([name, member]) => [name, isOptional(member) ? member.schema : member])),
  };
}

const isOptional = (member: JsonSchema | Optional): member is Optional => member['isOptional' as keyof typeof member] === true;

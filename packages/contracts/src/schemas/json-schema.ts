import type Joi from 'joi';

/** JSON Schema, draft 2020-12, which is what OpenAPI 3.1 takes. */
export type JsonSchema = Record<string, unknown>;

/** What a schema lets through, as far as JSON Schema can say it: rules that joi keeps to itself are missing. */
export function jsonSchemaOf(schema: Joi.Schema): JsonSchema {
  return schema['~standard'].jsonSchema.input({ target: 'draft-2020-12' });
}

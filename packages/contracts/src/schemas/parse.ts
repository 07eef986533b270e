import type Joi from 'joi';

/** A value that breaks its schema. `path` is the member's dotted name. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/**
 * Checks a value against a schema and returns it typed. Nothing is converted (`"60"` is not 60) and the first problem ends
 * the check: joi runs out of stack when it collects hundreds of thousands of errors.
 * @throws SchemaError naming the member
 */
export function parse<T>(schema: Joi.Schema<T>, value: unknown): T {
  const result = schema.validate(value, { abortEarly: true, convert: false, errors: { wrap: { label: false } } });
  if (result.error === undefined) return result.value;
  const detail = result.error.details[0];
  throw new SchemaError(detail?.path.join('.') ?? '', detail?.message ?? result.error.message);
}

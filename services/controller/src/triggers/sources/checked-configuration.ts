import { SchemaError, parse } from '@easyfaas/contracts/schemas';
import { invalidField } from '../../invalid-field';

type Schema<T> = Parameters<typeof parse<T>>[0];

const SHOWN_CHARACTERS = 300;

/** @throws ServiceError VALIDATION_FAILED naming the member of `Configuration` */
export function checkedConfiguration<T>(schema: Schema<T>, value: unknown): T {
  try {
    return parse(schema, value);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    const field = `Configuration.${error.path}`.slice(0, SHOWN_CHARACTERS);
    throw invalidField(field, `Configuration: ${error.message.slice(0, SHOWN_CHARACTERS)}.`);
  }
}

import { ServiceError } from '@easyfaas/service-kit';

/** @param field dotted name of the member, for programs */
export function invalidField(field: string, message: string): ServiceError {
  return new ServiceError('VALIDATION_FAILED', message, { details: { field } });
}

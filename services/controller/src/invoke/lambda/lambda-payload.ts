import { ServiceError } from '@easyfaas/service-kit';
import { type Payload, payloadOf } from '../payload';

/** AWS gives a function that is called without a payload an empty object. */
const EMPTY = payloadOf(Buffer.from('{}'));
/** Larger ones are parsed in the function's own process alone: here it would hold up everybody's calls. */
const CHECKED_BYTES = 256 * 1024;

/** What the function gets; an error when it can be no JSON. */
export function lambdaPayload(body: Payload): Payload | ServiceError {
  if (body.bytes === 0) return EMPTY;
  if (body.bytes > CHECKED_BYTES) return body;
  try {
    JSON.parse(Buffer.concat(body.chunks, body.bytes).toString('utf8'));
    return body;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return notJson(error.message);
  }
}

export function notJson(why: string): ServiceError {
  return new ServiceError('INVALID_JSON', `Could not parse request body into json: ${why}`);
}

'use strict';
// Errors as they go to the caller: a JSON object of a size that fits into a frame.

const MESSAGE_CHARS = 16 * 1024;
const TYPE_CHARS = 200;
/** What a runtime sends is passed on as it is up to here; the cap of a frame is 256 KiB. */
const BODY_BYTES = 128 * 1024;

/** An error that the platform and not the user's code names. */
class Failure extends Error {
  constructor(errorType, message, cause) {
    super(message, cause === undefined ? {} : { cause });
    this.errorType = errorType;
  }
}

/** @returns {{ errorType: string, body: string }} */
const describe = (errorType, errorMessage) => ({ errorType, body: JSON.stringify({ errorType, errorMessage }) });

/**
 * What a runtime posted to an error path.
 * @param {string | undefined} headerType Lambda-Runtime-Function-Error-Type
 * @returns {{ errorType: string, body: string | Buffer }}
 */
function readErrorBody(headerType, data) {
  const error = readObject(data);
  const errorType = typeOf(error?.errorType) ?? typeOf(headerType) ?? 'Runtime.Unknown';
  if (error === undefined) return describe(errorType, data.toString('utf8', 0, MESSAGE_CHARS));
  if (error.errorType === errorType && data.length <= BODY_BYTES) return { errorType, body: data };
  const body = JSON.stringify({ ...error, errorType });
  return Buffer.byteLength(body) <= BODY_BYTES
    ? { errorType, body }
    : describe(errorType, String(error.errorMessage).slice(0, MESSAGE_CHARS));
}

function readObject(data) {
  try {
    const value = JSON.parse(data.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const typeOf = (value) => (typeof value === 'string' && value !== '' ? value.slice(0, TYPE_CHARS) : undefined);

module.exports = { Failure, describe, readErrorBody };

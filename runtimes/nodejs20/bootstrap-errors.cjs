'use strict';
// Errors as they go to the caller. Whatever was thrown - null, a Proxy, getters that throw - must end as a small plain object.
const { stringify } = JSON;
const MESSAGE_CHARS = 16 * 1024;
const STACK_CHARS = 64 * 1024;
const TRACE_LINES = 40;
const TRACE_LINE_CHARS = 400;
const TYPE_CHARS = 200;
const OWN_FILES = `${__dirname}/bootstrap`;

/** An error that the platform and not the user's code names; without a trace, since there is no user code in it. */
class Failure extends Error {
  constructor(errorType, message) {
    super(message);
    this.name = errorType;
    this.stack = '';
  }
}

/** @returns {{ errorType: string, errorMessage: string, trace: string[] }} */
function describe(error, errorType) {
  try {
    const isError = error instanceof Error || (typeof error === 'object' && error !== null && typeof error.stack === 'string');
    const type = errorType ?? (isError ? error.name : typeof error);
    const message = isError ? error.message : typeof error === 'object' ? stringify(error) : error;
    const lines = isError && error.stack ? String(error.stack).slice(0, STACK_CHARS).split('\n', TRACE_LINES) : [];
    const trace = lines.filter((line) => !line.includes(OWN_FILES));
    return {
      errorType: String(type).slice(0, TYPE_CHARS),
      errorMessage: String(message).slice(0, MESSAGE_CHARS),
      trace: trace.map((line) => line.slice(0, TRACE_LINE_CHARS)),
    };
  } catch {
    return { errorType: 'Runtime.UnknownReason', errorMessage: 'The thrown value cannot be described: reading it throws.', trace: [] };
  }
}

module.exports = { Failure, describe };

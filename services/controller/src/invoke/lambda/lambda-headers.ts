import { validation } from '../../http/lambda/lambda-name';
import { checkInvokeHeaders } from '../invoke-rules';
import type { InvokeHeaders } from '../request-headers';
import { asServiceErrors } from './lambda-refusal';

const INVOCATION_TYPES = ['Event', 'RequestResponse', 'DryRun'];
/** Of answers in pieces, for which somebody has to be there. */
export const STREAMED_TYPES = ['RequestResponse', 'DryRun'];
const LOG_TYPES = ['None', 'Tail'];

/** @throws ServiceError VALIDATION_FAILED in AWS's words, UNSUPPORTED_MEDIA_TYPE */
export function checkLambdaHeaders(headers: InvokeHeaders, invocationTypes: readonly string[] = INVOCATION_TYPES): void {
  const { invokeType, logType } = headers;
  const problems = [...outside(invokeType, 'invocationType', invocationTypes), ...outside(logType, 'logType', LOG_TYPES)];
  if (problems.length > 0) {
    asServiceErrors(() => {
      throw validation(problems);
    });
  }
  checkInvokeHeaders(headers);
}

function outside(value: string | undefined, member: string, allowed: readonly string[]): string[] {
  if (value === undefined || allowed.includes(value)) return [];
  const constraint = `Member must satisfy enum value set: [${allowed.join(', ')}]`;
  return [`Value '${value.slice(0, 64)}' at '${member}' failed to satisfy constraint: ${constraint}`];
}

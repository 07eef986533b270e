import type { Request } from 'express';
import { pathParameter } from '../mount-route';
import { principalOf } from '../request-context';
import { LambdaError } from './lambda-error';
import { inLambdaWords } from './lambda-words';
import { type LambdaName, type LambdaOwner, isPossibleName, lambdaFunctionNotFound, readLambdaName } from './lambda-name';

/** A function, and maybe a version of it, that a request of the Lambda dialect means; always of the caller's own account. */
export type LambdaTarget = LambdaOwner & LambdaName;

/** The function of the path's `:name` and the query's Qualifier. @throws LambdaError */
export function lambdaTarget(request: Request, { region }: { region: string }): LambdaTarget {
  const { accountId } = principalOf(request);
  const owner = { accountId, region };
  const { Qualifier } = request.query;
  const target = {
    ...owner,
    ...readLambdaName(pathParameter(request, 'name'), owner, typeof Qualifier === 'string' ? Qualifier : undefined),
  };
  if (!isPossibleName(target.functionName)) throw lambdaFunctionNotFound(target, target);
  return target;
}

/** `Function not found: arn:…` @param qualifier shown in place of the target's */
export async function orNotFound<T>(promise: Promise<T>, target: LambdaTarget, qualifier = target.qualifier): Promise<T> {
  const { functionName } = target;
  const name = { functionName, ...(qualifier === undefined ? {} : { qualifier }) };
  return inLambdaWords(promise, { FUNCTION_NOT_FOUND: () => lambdaFunctionNotFound(target, name) });
}

/** For what is said of a function as a whole. @throws LambdaError */
export function unqualified(target: LambdaTarget): LambdaTarget {
  if (target.qualifier === undefined) return target;
  throw new LambdaError(
    'InvalidParameterValueException',
    'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
  );
}

export function preconditionFailed(): LambdaError {
  return new LambdaError(
    'PreconditionFailedException',
    'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
  );
}

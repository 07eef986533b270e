import type { Mount } from '../mount-route';
import { type LambdaFunctionsDeps, mountLambdaFunctions } from './lambda-functions';

export type LambdaDeps = LambdaFunctionsDeps;

/** AWS Lambda's paths over the same functions; what they throw is answered in AWS's form, see `lambda-answers.ts`. */
export function mountLambda(mount: Mount, deps: LambdaDeps): void {
  mountLambdaFunctions(mount, deps);
}

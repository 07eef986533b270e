import { LambdaError } from './lambda-error';
import { type LambdaOwner, lambdaArn } from './lambda-name';

/** A layer version of the caller's account as the function service names it. @throws LambdaError for any other ARN */
export function ownLayerReference(text: string, owner: LambdaOwner): string {
  const prefix = lambdaArn(owner, 'layer:');
  if (!text.startsWith('arn:')) return text;
  if (text.startsWith(prefix)) return text.slice(prefix.length);
  const shown = text.slice(0, 140);
  throw new LambdaError(
    'InvalidParameterValueException',
    `Layer version ${shown} is none of this account and region: ${prefix}<name>:<version> is one.`,
  );
}

/** Name or ARN of a layer. @throws LambdaError */
export function ownLayerName(text: string, owner: LambdaOwner): string {
  return ownLayerReference(text, owner);
}

export function layerNotFound(): LambdaError {
  return new LambdaError('ResourceNotFoundException', 'The resource you requested does not exist.');
}

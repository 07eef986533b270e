import type { EventInvokeConfig } from '../../async/event-invoke-config';
import { FUNCTION_NAME, functionArn, parseFunctionReference } from '../../functions/function-name';
import { LambdaError } from './lambda-error';
import { type LambdaOwner, lambdaArn, lambdaFunctionArn, readLambdaName } from './lambda-name';
import { ownArn } from './lambda-own-arn';

type Destinations = EventInvokeConfig['DestinationConfig'];

const SIDES = ['OnSuccess', 'OnFailure'] as const;

/**
 * Destinations in our words: an ARN of a function is its BRN, one of an SQS queue the account's queue of that name; URLs and our own
 * forms stay. A side without a destination is none.
 * @throws LambdaError
 */
export function ownDestinations(given: unknown, owner: LambdaOwner): Destinations {
  if (typeof given !== 'object' || given === null) throw refused('DestinationConfig must be an object.');
  const destinations: Destinations = {};
  for (const [side, value] of Object.entries(given)) {
    const known = SIDES.find((each) => each === side);
    if (known === undefined) throw refused(`DestinationConfig.${side.slice(0, 32)} is not known; there are ${SIDES.join(' and ')}.`);
    const { Destination: destination } = (typeof value === 'object' && value !== null ? value : {}) as { Destination?: unknown };
    if (destination === undefined || destination === null) continue;
    if (typeof destination !== 'string') throw refused(`DestinationConfig.${side}.Destination must be a text.`);
    destinations[known] = { Destination: ownDestination(destination, owner) };
  }
  return destinations;
}

/** As AWS shows them. */
export function lambdaDestinations(destinations: Destinations, owner: LambdaOwner): Record<string, unknown> {
  return Object.fromEntries(
    SIDES.map((side) => {
      const destination = destinations[side]?.Destination;
      return [side, destination === undefined ? {} : { Destination: lambdaDestination(destination, owner) }];
    }),
  );
}

function ownDestination(text: string, owner: LambdaOwner): string {
  if (text.startsWith('arn:aws:lambda:')) {
    const { functionName, qualifier } = readLambdaName(text, owner);
    return functionArn(owner, functionName, qualifier);
  }
  if (!text.startsWith('arn:')) return text;
  const { service, name } = ownArn(text, owner);
  if (service === 'sqs') return `queue:${name}`;
  throw refused(
    `The destination ${text.slice(0, 256)} is not supported: name a function, an SQS queue (the account's queue of that name), or an https URL.`,
  );
}

function lambdaDestination(text: string, owner: LambdaOwner): string {
  if (text.startsWith('queue:')) return lambdaArn(owner, text.slice('queue:'.length)).replace(':lambda:', ':sqs:');
  if (!text.startsWith('brn:') && !FUNCTION_NAME.test(text)) return text;
  const { functionName, qualifier } = parseFunctionReference(text, owner.accountId);
  return lambdaFunctionArn(owner, { functionName, ...(qualifier === undefined ? {} : { qualifier }) });
}

function refused(message: string): LambdaError {
  return new LambdaError('InvalidParameterValueException', message);
}

import { LATEST } from '../../functions/function-name';
import { LambdaError } from './lambda-error';
import { validation } from './lambda-name';

const MEMBER = 'routingConfig.additionalVersionWeights';
const KEY_RULES =
  'Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]';
const VALUE_RULES =
  'Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]';

/** What AWS says of weights, in the order in which it looks at them. @throws LambdaError */
export function checkWeights(body: Readonly<Record<string, unknown>>): void {
  const weights = weightsOf(body['RoutingConfig']);
  const entries = Object.entries(weights);
  if (entries.length === 0) return;
  const shown = `{${entries.map(([version, weight]) => `${version}=${decimal(weight)}`).join(', ')}}`;
  const problem = (rules: string): LambdaError =>
    validation([`Value '${shown.slice(0, 256)}' at '${MEMBER}' failed to satisfy constraint: ${rules}`]);
  if (entries.some(([version]) => !/^\d+$/.test(version))) throw problem(KEY_RULES);
  if (entries.some(([, weight]) => typeof weight !== 'number' || weight < 0 || weight > 1)) throw problem(VALUE_RULES);
  const { FunctionVersion } = body;
  if (entries.length > 1) throw refused('Number of items in AdditionalVersionWeights cannot be greater than 1');
  if (FunctionVersion === LATEST) throw refused('$LATEST is not supported for an alias pointing to more than 1 version');
  const version = entries[0]?.[0] ?? '';
  if (version === FunctionVersion) {
    throw refused(`Invalid function version ${version}. Function version ${version} is already included in routing configuration.`);
  }
}

function weightsOf(routing: unknown): object {
  if (typeof routing !== 'object' || routing === null || !('AdditionalVersionWeights' in routing)) return {};
  const { AdditionalVersionWeights: weights } = routing;
  return typeof weights === 'object' && weights !== null ? weights : {};
}

/** As AWS writes a number that has a fraction. */
function decimal(weight: unknown): string {
  return typeof weight === 'number' && Number.isInteger(weight) ? `${weight}.0` : String(weight);
}

function refused(message: string): LambdaError {
  return new LambdaError('InvalidParameterValueException', message);
}

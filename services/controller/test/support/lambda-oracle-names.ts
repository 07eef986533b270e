import type { LambdaClient } from '@aws-sdk/client-lambda';
import { FUNCTION_ARN as ARN, type Scenario, inOrder } from './lambda-oracle-requests';

const A = (count: number): string => 'a'.repeat(count);
const ELSEWHERE = 'arn:aws:lambda:invalid-region:111111111111:function:my-function';

/** Name and qualifier by what is wrong with them. */
export const NAMES: Readonly<Record<string, readonly [string, string?]>> = {
  invalid_characters_in_function_name: ['my-function!'],
  invalid_characters_in_qualifier: ['my-function', 'invalid!'],
  qualifier_too_long0: ['my-function', A(129)],
  qualifier_too_long: ['my-function', A(129)],
  invalid_account_id_in_partial_arn: ['invalid-account:function:my-function'],
  invalid_region_in_arn: [ELSEWHERE],
  non_lambda_arn: ['arn:aws:ec2:us-east-1:111111111111:instance:i-1234567890abcdef0'],
  function_name_too_long: [A(65)],
  function_name_too_long_and_invalid_region: [`${ELSEWHERE}${A(170)}`],
  full_arn_and_qualifier_too_long_and_invalid_region: [`${ELSEWHERE}-${A(170)}`, A(129)],
  full_arn_with_multiple_qualifiers: [`${ARN}my-function:1:2`],
  incomplete_arn: ['arn:aws:lambda:us-east-1:111111111111:function'],
  partial_arn_with_extra_qualifier: ['function:my-function:$LATEST:extra'],
  latest_version_with_additional_qualifier: ['my-function:$LATEST', '1'],
  lowercase_latest_qualifier: [`${ARN}my-function:$latest`],
  missing_region_in_arn: ['arn:aws:lambda::111111111111:function:my-function'],
  missing_account_id_in_arn: ['arn:aws:lambda:us-east-1::function:my-function'],
  misspelled_latest_in_arn: [`${ARN}my-function:$LATES`],
  function_name_and_qualifier_too_long: ['my-function', A(65)],
};

type Operation = (client: LambdaClient, FunctionName: string, Qualifier?: string) => Promise<unknown>;

/** Names that are no names; a name to create has its qualifier after a colon. */
export function namingScenario(operationOf: (name: string) => Operation): Scenario {
  return {
    matches: /test_function_name_and_qualifier_validation\[.*-(create|get|delete)_function\]$/,
    run: (ask, name) => {
      const [, what = '', verb = ''] = /\[(.*)-(\w+)_function\]$/.exec(name) ?? [];
      const [text = '', qualifier] = NAMES[what] ?? [];
      const isNew = verb === 'create' && qualifier !== undefined;
      const operation = operationOf(name);
      return inOrder(ask, {
        [`${verb}_function_exception`]: (client) =>
          isNew ? operation(client, `${text}:${qualifier}`) : operation(client, text, qualifier),
      });
    },
  };
}

import {
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionRecursionConfigCommand,
  type LambdaClient,
  ListTagsCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionRecursionConfigCommand,
  type RecursiveLoop,
  type Runtime,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { zipSingleFile } from '@easyfaas/code-package';
import {
  type Answers,
  type Ask,
  FUNCTION_ARN as ARN,
  type Scenario,
  creation,
  inOrder,
  newName,
  withFunction,
} from './lambda-oracle-requests';

type Send = (client: LambdaClient) => Promise<unknown>;

const tag =
  (Resource: string, Tags: Record<string, string>): Send =>
  (client) =>
    client.send(new TagResourceCommand({ Resource, Tags }));
const untag =
  (Resource: string, ...TagKeys: string[]): Send =>
  (client) =>
    client.send(new UntagResourceCommand({ Resource, TagKeys }));
const listTags =
  (Resource: string): Send =>
  (client) =>
    client.send(new ListTagsCommand({ Resource }));

/** Tags, layers, the account, and what is wrong with names and settings. */
export const OTHER_SCENARIOS: readonly Scenario[] = [
  {
    matches: 'TestLambdaTag::test_create_tag_on_fn_create',
    run: async (ask) => {
      const name = await withFunction(ask, { Tags: { testtag: 'custom' } });
      return inOrder(ask, {
        get_function_result: (client) => client.send(new GetFunctionCommand({ FunctionName: name })),
        list_tags_result: listTags(`${ARN}${name}`),
      });
    },
  },
  {
    matches: 'TestLambdaTag::test_tag_lifecycle',
    run: async (ask) => {
      const arn = `${ARN}${await withFunction(ask)}`;
      const changes: Readonly<Record<string, Send>> = {
        tag_single_response: tag(arn, { A: 'tag-a' }),
        tag_multiple_response: tag(arn, { B: 'tag-b', C: 'tag-c' }),
        tag_overlap_response: tag(arn, { C: 'tag-c-newsuffix', D: 'tag-d' }),
        untag_single_response: untag(arn, 'A'),
        untag_multiple_response: untag(arn, 'B', 'C'),
        untag_nonexisting_response: untag(arn, 'F'),
        untag_existing_and_nonexisting_response: untag(arn, 'D', 'F'),
      };
      return inOrder(
        ask,
        Object.fromEntries(
          Object.entries(changes).flatMap(([step, send]) => [
            [step, send],
            [`${step}_listtags`, listTags(arn)],
          ]),
        ),
      );
    },
  },
  {
    matches: 'TestLambdaTags::test_tag_exceptions',
    run: async (ask) => {
      const arn = `${ARN}${await withFunction(ask)}`;
      return inOrder(ask, {
        tag_lambda_invalidarn: tag('arn:aws:something', { a: 'b' }),
        tag_lambda_doesnotexist: tag(`${ARN}doesnotexist`, { a: 'b' }),
        tag_lambda_qualifier_doesnotexist: tag(`${arn}:v1`, { a: 'b' }),
        list_tag_lambda_empty: listTags(arn),
        untag_nomatch: untag(arn, 'somekey'),
        untag_empty_keys: untag(arn),
        tag_empty_tags: tag(arn, {}),
      });
    },
  },
  {
    matches: 'TestLambdaTags::test_tag_versions',
    run: async (ask) => {
      const name = await withFunction(ask);
      await ask((client) => client.send(new PublishVersionCommand({ FunctionName: name })));
      return inOrder(ask, {
        tag_resource_exception: tag(`${ARN}${name}:1`, { a: 'b' }),
        tag_resource_latest_exception: tag(`${ARN}${name}:$LATEST`, { a: 'b' }),
      });
    },
  },
  {
    matches: /^TestLambdaTag::test_tag_exceptions\[(event_source_mapping|capacity_provider)\]$/,
    run: (ask, name) => {
      const kind = name.includes('event_source') ? 'event-source-mapping' : 'capacity-provider';
      const id = 'b3a5fd1e-8a3a-4d7c-9d0e-0f6d1c2b3a49';
      const arn = `arn:aws:lambda:us-east-1:111111111111:${kind}:${id}`;
      return inOrder(ask, {
        not_found_exception_tag: tag(arn, { a: 'b' }),
        not_found_exception_untag: untag(arn, 'a'),
        not_found_exception_list: listTags(arn),
        aliased_arn_exception: listTags(`${arn}:alias`),
        invalid_arn_exception: listTags(`arn:aws:lambda:us-east-1:111111111111:foobar:${id}`),
      });
    },
  },
  {
    matches: 'TestLambdaAccountSettings::test_account_settings',
    run: (ask) => inOrder(ask, { acc_settings_modded: (client) => client.send(new GetAccountSettingsCommand({})) }),
  },
  {
    matches: 'TestLambdaSizeLimits::test_lambda_envvars_near_limit_succeeds',
    run: async (ask, _name, recorded) => {
      const { CreateFunctionResponse } = recorded['successful_create_fn_result'] as {
        CreateFunctionResponse: { Environment: { Variables: Record<string, string> } };
      };
      const made = await creation(newName(), { Handler: 'handler.handler', Timeout: 30, Environment: CreateFunctionResponse.Environment });
      return inOrder(ask, { successful_create_fn_result: (client) => client.send(made) });
    },
  },
  {
    matches: 'TestLambdaFunction::test_update_lambda_exceptions',
    run: async (ask) => {
      const FunctionName = await withFunction(ask);
      const update = (change: { Role?: string; Runtime?: string }): Send => {
        const { Role, Runtime: name } = change;
        const command = new UpdateFunctionConfigurationCommand({ FunctionName, Role, Runtime: name as Runtime | undefined });
        return (client) => client.send(command);
      };
      return inOrder(ask, {
        invalid_role_arn_exc: update({ Role: 'r1' }),
        invalid_runtime_exc: update({ Runtime: 'non-existent-runtime' }),
        uppercase_runtime_exc: update({ Runtime: 'PYTHON3.9' }),
      });
    },
  },
  { matches: 'TestLambdaFunction::test_function_arns', run: (ask) => createByArn(ask) },
  {
    matches: 'TestLambdaLayer::test_layer_policy_lifecycle',
    run: async (ask) => {
      const ZipFile = await zipSingleFile('python/x.py', 'x = 1');
      const command = new PublishLayerVersionCommand({
        LayerName: newName(),
        Content: { ZipFile },
        CompatibleRuntimes: ['python3.12'],
        CompatibleArchitectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
      });
      return inOrder(ask, { publish_result: (client) => client.send(command) });
    },
  },
  {
    matches: 'TestLambdaRecursion::test_put_function_recursion_config_default_terminate',
    run: async (ask) => {
      const FunctionName = await withFunction(ask);
      return inOrder(ask, {
        get_recursion_default_terminate_response: (client) => client.send(new GetFunctionRecursionConfigCommand({ FunctionName })),
      });
    },
  },
  {
    matches: 'TestLambdaRecursion::test_put_function_recursion_config_invalid_value',
    run: async (ask) => {
      const FunctionName = await withFunction(ask);
      const command = new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: 'InvalidValue' as RecursiveLoop });
      return inOrder(ask, { put_recursion_invalid_value_error: (client) => client.send(command) });
    },
  },
];

async function createByArn(ask: Ask): Promise<Answers> {
  const like = { Handler: 'handler.handler', Timeout: 30 };
  const make = async (name: string): Promise<Send> => {
    const command = await creation(name, like);
    return (client) => client.send(command);
  };
  return inOrder(ask, {
    'create-function-arn-response': await make(`${ARN}${newName()}`),
    'create-function-partial-arn-response': await make(`111111111111:function:${newName()}`),
    invalid_function_name_exc: await make('invalid:function:name'),
    long_function_name_exc: await make('a'.repeat(65)),
    long_function_arn_exc: await make(`${ARN}${'a'.repeat(100)}`),
    function_arn_other_region_exc: await make('arn:aws:lambda:ap-southeast-1:111111111111:function:fn'),
    function_arn_other_account_exc: await make('arn:aws:lambda:us-east-1:123456789012:function:fn'),
  });
}

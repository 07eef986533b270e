import type { InvokeMode as FunctionUrlInvokeMode } from '@aws-sdk/client-lambda';
import {
  AddPermissionCommand,
  type AddPermissionCommandInput,
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionUrlConfigCommand,
  DeleteAliasCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionUrlConfigCommand,
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  type LambdaClient,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  RemovePermissionCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda';
import { zipSingleFile } from '@easyfaas/code-package';
import type { WireAnswer } from './lambda-oracle';
import { FUNCTION_ARN as ARN, type Ask, type Scenario, creation, inOrder, newName, withFunction } from './lambda-oracle-requests';

type Step = (client: LambdaClient) => Promise<unknown>;

const UNKNOWN_UUID = '11111111-1111-1111-1111-111111111111';
const QUEUE = 'arn:aws:sqs:us-east-1:111111111111:';

const createUrl =
  (FunctionName: string, Qualifier?: string): Step =>
  (client) =>
    client.send(new CreateFunctionUrlConfigCommand({ FunctionName, Qualifier, AuthType: 'NONE' }));
const getUrl =
  (FunctionName: string, Qualifier?: string): Step =>
  (client) =>
    client.send(new GetFunctionUrlConfigCommand({ FunctionName, Qualifier }));
const deleteUrl =
  (FunctionName: string, Qualifier?: string): Step =>
  (client) =>
    client.send(new DeleteFunctionUrlConfigCommand({ FunctionName, Qualifier }));
const updateUrl =
  (FunctionName: string, Qualifier?: string): Step =>
  (client) =>
    client.send(new UpdateFunctionUrlConfigCommand({ FunctionName, Qualifier, AuthType: 'NONE' }));
const allow =
  (FunctionName: string, more: Partial<AddPermissionCommandInput> = {}): Step =>
  (client) =>
    client.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: 'urlPermission',
        Action: 'lambda:InvokeFunctionUrl',
        Principal: '*',
        FunctionUrlAuthType: 'NONE',
        ...more,
      }),
    );
const URL_OPERATIONS = { create: createUrl, get: getUrl, delete: deleteUrl, update: updateUrl };

/** AWS's recorder wrote the JSON of a policy down as what it says. */
function withStatement(answer: WireAnswer): WireAnswer {
  const { Statement, ...body } = answer.body as { Statement?: string };
  return Statement === undefined ? answer : { ...answer, body: { ...body, Statement: JSON.parse(Statement) as unknown } };
}

async function withAlias(ask: Ask, alias: string): Promise<string> {
  const FunctionName = await withFunction(ask);
  await ask((client) => client.send(new PublishVersionCommand({ FunctionName })));
  await ask((client) => client.send(new CreateAliasCommand({ FunctionName, Name: alias, FunctionVersion: '1' })));
  return FunctionName;
}

/** Function URLs, configurations of events and event source mappings beside the recorded answers. */
export const CALL_SCENARIOS: readonly Scenario[] = [
  {
    matches: 'TestLambdaUrl::test_url_config_exceptions',
    run: async (ask) => {
      const name = await withAlias(ask, 'urlalias');
      const steps = Object.entries(URL_OPERATIONS).flatMap(([verb, operation]): [string, Step][] => [
        [`${verb}_function_url_config_name_doesnotexist`, operation('doesnotexist')],
        [`${verb}_function_url_config_arn_doesnotexist`, operation(`${ARN}doesnotexist`)],
        [`${verb}_function_url_config_name_doesnotexist_qualifier`, operation('doesnotexist', '1')],
        [`${verb}_function_url_config_qualifier_version`, operation(name, '1')],
        [`${verb}_function_url_config_qualifier_version_doesnotexist`, operation(name, '2')],
        [`${verb}_function_url_config_qualifier_alias_doesnotexist`, operation(name, 'doesnotexist')],
        [`${verb}_function_url_config_qualifier_alias_doesnotmatch_arn`, operation(`${ARN}${name}:not-alias`, 'urlalias')],
        [`${verb}_function_url_config_qualifier_latest`, operation(name, '$LATEST')],
        ...(verb === 'create' ? [] : [[`${verb}_function_url_config_config_doesnotexist`, operation(name)] as [string, Step]]),
      ]);
      return inOrder(ask, Object.fromEntries(steps));
    },
  },
  {
    matches: 'TestLambdaUrl::test_url_config_deletion_without_qualifier',
    run: async (ask) => {
      const name = await withAlias(ask, 'test-alias');
      return inOrder(ask, {
        url_creation: createUrl(name),
        url_with_alias_creation: createUrl(name, 'test-alias'),
        get_url_config: getUrl(name),
        get_url_config_with_alias: getUrl(name, 'test-alias'),
        delete_function_url_config: deleteUrl(name),
        get_url_config_after_deletion: getUrl(name),
        get_url_config_with_alias_after_deletion: getUrl(name, 'test-alias'),
      });
    },
  },
  {
    matches: 'TestLambdaURL::test_lambda_update_function_url_config',
    run: async (ask) => {
      const FunctionName = await withFunction(ask);
      const create: Step = (client) =>
        client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', InvokeMode: 'BUFFERED' }));
      const update = (InvokeMode?: 'RESPONSE_STREAM'): Step => {
        return (client) => client.send(new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', InvokeMode }));
      };
      return inOrder(ask, {
        create_lambda_url_config: create,
        get_url_config: getUrl(FunctionName),
        modify_lambda_url_config: update('RESPONSE_STREAM'),
        get_url_config_2: getUrl(FunctionName),
        modify_lambda_url_config_none: update(),
        get_url_config_3: getUrl(FunctionName),
      });
    },
  },
  {
    matches: /TestLambdaURL::test_lambda_url_(invocation\[|persists_after|invocation_exception|echo_invoke\[)|test_request_id_invoke_url$/,
    run: async (ask, _name, recorded) => {
      const FunctionName = await withFunction(ask, { Handler: 'handler.handler' });
      const { create_lambda_url_config: config } = recorded as { create_lambda_url_config?: { InvokeMode?: FunctionUrlInvokeMode } };
      const create: Step = (client) =>
        client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', InvokeMode: config?.InvokeMode }));
      const made = await inOrder(ask, { create_lambda_url_config: create, add_permission: allow(FunctionName) });
      return Object.fromEntries(Object.entries(made).map(([step, answer]) => [step, withStatement(answer)]));
    },
  },
  {
    matches: 'TestLambdaPermissions::test_permission_exceptions',
    run: async (ask) => {
      const name = await withFunction(ask);
      await ask(allow(name, { StatementId: 's3' }));
      const remove =
        (FunctionName: string, Qualifier?: string): Step =>
        (client) =>
          client.send(new RemovePermissionCommand({ FunctionName, StatementId: 's3', Qualifier }));
      const other = await withFunction(ask);
      return inOrder(ask, {
        add_permission_invalid_statement_id: allow(name, { StatementId: 'example.com' }),
        add_permission_fn_qualifier_mismatch: allow(`${ARN}${name}:alias-1`, { Qualifier: 'alias-2' }),
        add_permission_fn_qualifier_latest: allow(name, { Qualifier: '$LATEST' }),
        add_permission_fn_qualifier_invalid: allow(name, { Qualifier: 'invalid-qualifier-with-?-char' }),
        add_permission_fn_qualifier_valid_doesnotexist: allow(name, { Qualifier: 'valid-with-$-but-doesnotexist' }),
        add_permission_fn_doesnotexist: allow('doesnotexist'),
        add_permission_fn_alias_doesnotexist: allow(name, { Qualifier: 'alias-doesnotexist' }),
        add_permission_fn_version_doesnotexist: allow(name, { Qualifier: '42' }),
        add_permission_conflicting_statement_id: allow(name, { StatementId: 's3' }),
        get_policy_fn_doesnotexist: (client) => client.send(new GetPolicyCommand({ FunctionName: 'doesnotexist' })),
        get_policy_fn_version_doesnotexist: (client) => client.send(new GetPolicyCommand({ FunctionName: name, Qualifier: '42' })),
        remove_permission_policy_doesnotexist: remove(other),
        remove_permission_fn_doesnotexist: remove('doesnotexist'),
        remove_permission_fn_alias_doesnotexist: remove(name, 'alias-doesnotexist'),
      });
    },
  },
  {
    matches: /test_ops_on_nonexisting_version\[get_function_event_invoke_config\]$/,
    run: async (ask) => {
      const FunctionName = await withFunction(ask);
      return inOrder(ask, {
        version_not_found_exception: (client) => client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName, Qualifier: '1221' })),
      });
    },
  },
  {
    matches: /test_ops_on_nonexisting_fn\[get_function_url_config\]$/,
    run: (ask) => inOrder(ask, { not_found_exception: getUrl('nobody') }),
  },
  {
    matches: /test_get_function_wrong_region\[get_function_(url|event_invoke)_config\]$/,
    run: (ask, name) => {
      const FunctionName = 'arn:aws:lambda:eu-west-3:111111111111:function:fn';
      const isUrl = name.includes('url');
      return inOrder(ask, {
        wrong_region_exception: (client) =>
          isUrl ? getUrl(FunctionName)(client) : client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName })),
      });
    },
  },
  {
    matches: 'TestLambdaEventSourceMappings::test_event_source_mapping_exceptions',
    run: async (ask) => {
      const FunctionName = await withFunction(ask);
      return inOrder(ask, {
        get_unknown_uuid: (client) => client.send(new GetEventSourceMappingCommand({ UUID: UNKNOWN_UUID })),
        delete_unknown_uuid: (client) => client.send(new DeleteEventSourceMappingCommand({ UUID: UNKNOWN_UUID })),
        update_unknown_uuid: (client) => client.send(new UpdateEventSourceMappingCommand({ UUID: UNKNOWN_UUID, Enabled: false })),
        create_no_event_source_arn: (client) => client.send(new CreateEventSourceMappingCommand({ FunctionName: 'doesnotexist' })),
        create_unknown_params: (client) =>
          client.send(new CreateEventSourceMappingCommand({ FunctionName: 'doesnotexist', EventSourceArn: `${QUEUE}somequeue` })),
        destination_config_failure: (client) =>
          client.send(
            new CreateEventSourceMappingCommand({
              FunctionName,
              EventSourceArn: `${QUEUE}somequeue`,
              DestinationConfig: { OnSuccess: { Destination: `${QUEUE}target` } },
            }),
          ),
      });
    },
  },
  {
    matches: 'TestLambdaEventSourceMappings::test_function_name_variations',
    run: async (ask) => {
      const FunctionName = await withAlias(ask, 'myalias');
      const variations = {
        name_only: FunctionName,
        partial_arn_latest: `function:${FunctionName}:$LATEST`,
        partial_arn_version: `function:${FunctionName}:1`,
        partial_arn_alias: `function:${FunctionName}:myalias`,
        full_arn_latest: `${ARN}${FunctionName}`,
        full_arn_version: `${ARN}${FunctionName}:1`,
        full_arn_alias: `${ARN}${FunctionName}:myalias`,
      };
      const EventSourceArn = `${QUEUE}${FunctionName}`;
      const answers: Record<string, Awaited<ReturnType<Ask>>> = {};
      for (const [step, variation] of Object.entries(variations)) {
        const made = await ask((client) => client.send(new CreateEventSourceMappingCommand({ FunctionName: variation, EventSourceArn })));
        answers[`${step}_create_esm`] = made;
        const { UUID } = made.body as { UUID: string };
        await ask((client) => client.send(new DeleteEventSourceMappingCommand({ UUID })));
      }
      return answers;
    },
  },
  {
    matches: /TestLambdaBaseFeatures::test_function_state$/,
    run: async (ask) => {
      const FunctionName = newName();
      const made = await creation(FunctionName, { Handler: 'handler.handler' });
      return inOrder(ask, {
        'create-fn-response': (client) => client.send(made),
        'get-fn-response': (client) => client.send(new GetFunctionCommand({ FunctionName })),
      });
    },
  },
  {
    matches: 'TestLambdaCleanup::test_recreate_function',
    run: async (ask) => {
      const FunctionName = newName();
      const made = await creation(FunctionName, { Handler: 'lambda_echo.handler', Timeout: 30 });
      const first = await inOrder(ask, { create_function_response_one: (client) => client.send(made) });
      await ask((client) => client.send(new DeleteFunctionCommand({ FunctionName })));
      return { ...first, ...(await inOrder(ask, { create_function_response_two: (client) => client.send(made) })) };
    },
  },
  {
    matches: /TestLambdaConcurrency::test_lambda_concurrency_(crud|update)$/,
    run: async (ask, name) => {
      const FunctionName = await withFunction(ask);
      const count = name.endsWith('crud') ? 0 : 3;
      const get: Step = (client) => client.send(new GetFunctionConcurrencyCommand({ FunctionName }));
      const before = await inOrder(ask, {
        get_function_concurrency_default: get,
        put_function_concurrency: (client) =>
          client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: count })),
        get_function_concurrency_updated: get,
        get_function_concurrency_info: (client) => client.send(new GetFunctionCommand({ FunctionName })),
      });
      await ask((client) => client.send(new DeleteFunctionConcurrencyCommand({ FunctionName })));
      return { ...before, ...(await inOrder(ask, { get_function_concurrency_deleted: get })) };
    },
  },
  {
    matches: 'TestLambdaAliases::test_alias_routingconfig',
    run: async (ask) => {
      const FunctionName = await withFunction(ask);
      await ask((client) => client.send(new PublishVersionCommand({ FunctionName })));
      const ZipFile = await zipSingleFile('index.py', '# two');
      await ask((client) => client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile, Publish: true })));
      const RoutingConfig = { AdditionalVersionWeights: { '2': 0.5 } };
      return inOrder(ask, {
        create_alias_response: (client) =>
          client.send(new CreateAliasCommand({ FunctionName, Name: 'alias1', FunctionVersion: '1', RoutingConfig })),
        delete_alias_resp: (client) => client.send(new DeleteAliasCommand({ FunctionName, Name: 'alias1' })),
      });
    },
  },
];

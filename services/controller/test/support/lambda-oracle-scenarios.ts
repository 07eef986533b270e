import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetAliasCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetProvisionedConcurrencyConfigCommand,
  type LambdaClient,
  ListAliasesCommand,
  ListProvisionedConcurrencyConfigsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { zipSingleFile } from '@easyfaas/code-package';
import { namingScenario } from './lambda-oracle-names';
import { FUNCTION_ARN as ARN, type Scenario, creation, inOrder, newName, withFunction } from './lambda-oracle-requests';
import { OTHER_SCENARIOS } from './lambda-oracle-others';

const OPERATIONS: Readonly<Record<string, (client: LambdaClient, FunctionName: string, Qualifier?: string) => Promise<unknown>>> = {
  delete_function: (client, FunctionName, Qualifier) => client.send(new DeleteFunctionCommand({ FunctionName, Qualifier })),
  get_function: (client, FunctionName, Qualifier) => client.send(new GetFunctionCommand({ FunctionName, Qualifier })),
  get_function_concurrency: (client, FunctionName) => client.send(new GetFunctionConcurrencyCommand({ FunctionName })),
  get_function_code_signing_config: (client, FunctionName) => client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName })),
  create_function: async (client, FunctionName) => client.send(await creation(FunctionName)),
};
const operationOf = (name: string): NonNullable<(typeof OPERATIONS)[string]> => {
  const found = OPERATIONS[/\[(?:.*-)?(\w+)\]$/.exec(name)?.[1] ?? ''];
  if (found === undefined) throw new Error(`no operation for ${name}`);
  return found;
};

export const SCENARIOS: readonly Scenario[] = [
  namingScenario(operationOf),
  ...OTHER_SCENARIOS,
  {
    matches: /test_ops_with_arn_qualifier_mismatch\[(delete|get)_function\]$/,
    run: (ask, name) =>
      inOrder(ask, {
        not_match_exception: (client) => operationOf(name)(client, `${ARN}some-function:$LATEST`, '100'),
        match_exception: (client) => operationOf(name)(client, `${ARN}some-function:$LATEST`, '$LATEST'),
      }),
  },
  {
    matches: /test_ops_on_nonexisting_fn\[(delete_function|get_function|get_function_concurrency)\]$/,
    run: (ask, name) => inOrder(ask, { not_found_exception: (client) => operationOf(name)(client, 'nobody') }),
  },
  {
    matches: /test_get_function_wrong_region\[(delete_function|get_function_code_signing_config)\]$/,
    run: (ask, name) =>
      inOrder(ask, { wrong_region_exception: (client) => operationOf(name)(client, 'arn:aws:lambda:eu-west-3:111111111111:function:fn') }),
  },
  {
    matches: 'TestLambdaFunction::test_lambda_code_location_zipfile',
    run: async (ask) => {
      const FunctionName = newName();
      const [made, ZipFile] = await Promise.all([creation(FunctionName), zipSingleFile('index.py', '# other')]);
      const get = (client: LambdaClient): Promise<unknown> => client.send(new GetFunctionCommand({ FunctionName }));
      return inOrder(ask, {
        'create-response-zip-file': (client) => client.send(made),
        'get-function-response': get,
        'update-function-response': (client) => client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile })),
        'get-function-response-updated': get,
      });
    },
  },
  {
    matches: 'TestLambdaVersions::test_version_lifecycle',
    run: async (ask) => {
      const FunctionName = newName();
      const made = await creation(FunctionName, { Description: 'No version :(' });
      const get = (client: LambdaClient, Qualifier?: string): Promise<unknown> =>
        client.send(new GetFunctionCommand({ FunctionName, Qualifier }));
      const describe = (Description: string) => (client: LambdaClient) =>
        client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Description }));
      const publish = (Description?: string) => (client: LambdaClient) =>
        client.send(new PublishVersionCommand({ FunctionName, Description }));
      const list = (client: LambdaClient): Promise<unknown> => client.send(new ListVersionsByFunctionCommand({ FunctionName }));
      const before = await inOrder(ask, {
        create_response: (client) => client.send(made),
        get_function_result: (client) => get(client),
        list_versions_result: list,
        first_update_response: describe('First version :)'),
        first_update_get_function: (client) => get(client),
        first_publish_response: publish('First version description :)'),
        first_publish_get_function: (client) => get(client, '1'),
        first_publish_get_function_config: (client) => client.send(new GetFunctionConfigurationCommand({ FunctionName, Qualifier: '1' })),
        second_update_response: describe('Second version :))'),
        first_publish_get_function_after_update: (client) => get(client, '1'),
        second_publish_response: publish(),
        third_publish_response: publish('Third version description :)))'),
        list_versions_result_after_third_publish: list,
      });
      await ask((client) => client.send(new DeleteFunctionCommand({ FunctionName, Qualifier: '1' })));
      return { ...before, ...(await inOrder(ask, { list_versions_result_after_deletion_of_first_version: list })) };
    },
  },
  {
    matches: 'TestLambdaAlias::test_alias_lifecycle',
    run: async (ask) => {
      const FunctionName = newName();
      const made = await creation(FunctionName, { Environment: { Variables: { testenv: 'staging' } } });
      const alias =
        (Name: string, FunctionVersion: string, Description?: string, weights?: Record<string, number>) => (client: LambdaClient) =>
          client.send(
            new CreateAliasCommand({
              FunctionName,
              Name,
              FunctionVersion,
              ...(Description === undefined ? {} : { Description }),
              ...(weights === undefined ? {} : { RoutingConfig: { AdditionalVersionWeights: weights } }),
            }),
          );
      const get = (Name: string) => (client: LambdaClient) => client.send(new GetAliasCommand({ FunctionName, Name }));
      const list = (FunctionVersion?: string) => (client: LambdaClient) =>
        client.send(new ListAliasesCommand({ FunctionName, FunctionVersion }));
      const read = (name: string, Qualifier?: string) => (client: LambdaClient) =>
        client.send(new GetFunctionCommand({ FunctionName: name, Qualifier }));
      const first = await inOrder(ask, {
        create_response: (client) => client.send(made),
        publish_v1: (client) => client.send(new PublishVersionCommand({ FunctionName })),
      });
      await ask((client) =>
        client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { testenv: 'prod' } } })),
      );
      const rest = await inOrder(ask, {
        publish_v2: (client) => client.send(new PublishVersionCommand({ FunctionName })),
        create_alias_1_1: alias('aliasname1_1', '1', 'custom-alias', { '2': 0.2 }),
        get_alias_1_1: get('aliasname1_1'),
        get_function_alias_1_1: read(FunctionName, 'aliasname1_1'),
        get_function_byarn_alias_1_1: read(`${ARN}${FunctionName}:aliasname1_1`),
        get_function_alias_notfound_exc: read(FunctionName, 'aliasdoesnotexist'),
        get_function_alias_byarn_notfound_exc: read(`${ARN}${FunctionName}:aliasdoesnotexist`),
        create_alias_1_2: alias('aliasname1_2', '1', 'custom-alias'),
        get_alias_1_2: get('aliasname1_2'),
        create_alias_1_3: alias('aliasname1_3', '1'),
        get_alias_1_3: get('aliasname1_3'),
        create_alias_2: alias('aliasname2', '2', 'custom-alias'),
        get_alias_2: get('aliasname2'),
        list_aliases_for_fnname: list(),
        update_alias_1_1: (client) =>
          client.send(new UpdateAliasCommand({ FunctionName, Name: 'aliasname1_1', RoutingConfig: { AdditionalVersionWeights: {} } })),
        get_alias_1_1_after_update: get('aliasname1_1'),
        list_aliases_for_fnname_after_update: list(),
        update_alias_1_2: (client) => client.send(new UpdateAliasCommand({ FunctionName, Name: 'aliasname1_2', RoutingConfig: {} })),
        get_alias_1_2_after_update: get('aliasname1_2'),
        list_aliases_for_fnname_after_update_2: list(),
        list_aliases_for_version: list('1'),
        delete_alias_response: (client) => client.send(new DeleteAliasCommand({ FunctionName, Name: 'aliasname1_1' })),
        list_aliases_for_fnname_afterdelete: list(),
      });
      return { ...first, ...rest };
    },
  },
  {
    matches: 'TestLambdaAlias::test_notfound_and_invalid_routingconfigs',
    run: async (ask) => {
      const FunctionName = newName();
      const made = await creation(FunctionName, { Publish: true, Environment: { Variables: { testenv: 'staging' } } });
      const first = await inOrder(ask, {
        create_response: (client) => client.send(made),
        publish_v1: (client) => client.send(new PublishVersionCommand({ FunctionName })),
      });
      await ask((client) =>
        client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { testenv: 'prod' } } })),
      );
      const alias =
        (FunctionVersion: string, weights?: Record<string, number>, Name = 'custom', of = FunctionName) =>
        (client: LambdaClient) =>
          client.send(
            new CreateAliasCommand({
              FunctionName: of,
              Name,
              FunctionVersion,
              ...(weights === undefined ? {} : { RoutingConfig: { AdditionalVersionWeights: weights } }),
            }),
          );
      const rest = await inOrder(ask, {
        publish_v2: (client) => client.send(new PublishVersionCommand({ FunctionName })),
        routing_config_exc_toomany: alias('1', { '1': 0.8, '2': 0.2 }),
        routing_config_exc_toohigh: alias('1', { '2': 2 }),
        routing_config_exc_subzero: alias('1', { '2': -1 }),
        routing_config_exc_sameversion: alias('1', { '1': 0.5 }),
        target_version_doesnotexist: alias('10', { '2': 0.5 }),
        routing_config_exc_version_doesnotexist: alias('1', { '10': 0.5 }),
        target_version_exc_version_latest: alias('$LATEST', { '1': 0.5 }),
        routing_config_exc_version_latest: alias('1', { $LATEST: 0.5 }),
        'create-alias-latest': alias('$LATEST', undefined, 'custom-latest'),
        routing_config_exc_fn_doesnotexist: alias('1', { '2': 0.5 }, 'custom', `${FunctionName}-unknown`),
        create_alias_empty_routingconfig: alias('1', {}, 'custom-empty-routingconfig'),
        create_alias_response: alias('1', { '2': 0.5 }),
        routing_config_exc_already_exist: alias('1', { '2': 0.5 }),
        alias_does_not_exist_esc: (client) => client.send(new GetAliasCommand({ FunctionName, Name: 'non-existent' })),
      });
      return { ...first, ...rest };
    },
  },
  {
    matches: 'TestLambdaReservedConcurrency::test_function_concurrency_exceptions',
    run: async (ask) => {
      const name = await withFunction(ask);
      const put = (FunctionName: string, ReservedConcurrentExecutions: number) => (client: LambdaClient) =>
        client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
      return inOrder(ask, {
        put_function_concurrency_with_function_name_doesnotexist: put('doesnotexist', 1),
        put_function_concurrency_with_function_name_doesnotexist_and_invalid_concurrency: put('doesnotexist', -1),
        put_function_concurrency_with_qualified_arn: put(`${ARN}${name}:$LATEST`, 1),
      });
    },
  },
  {
    matches: 'TestLambdaProvisionedConcurrency::test_provisioned_concurrency_exceptions',
    run: async (ask) => {
      const name = await withFunction(ask);
      const get = (FunctionName: string, Qualifier: string) => (client: LambdaClient) =>
        client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }));
      const list = (FunctionName: string) => (client: LambdaClient) =>
        client.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName }));
      const remove = (FunctionName: string, Qualifier: string) => (client: LambdaClient) =>
        client.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }));
      const put =
        (FunctionName: string, Qualifier: string, ProvisionedConcurrentExecutions = 1) =>
        (client: LambdaClient) =>
          client.send(new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier, ProvisionedConcurrentExecutions }));
      return inOrder(ask, {
        publish_version_result: (client) => client.send(new PublishVersionCommand({ FunctionName: name })),
        get_provisioned_config_doesnotexist: get(name, '1'),
        get_provisioned_functionname_doesnotexist: get('doesnotexist', 'noalias'),
        get_provisioned_qualifier_doesnotexist: get(name, 'noalias'),
        get_provisioned_version_doesnotexist: get(name, '10'),
        get_provisioned_latest: get(name, '$LATEST'),
        list_provisioned_noconfigs: list(name),
        list_provisioned_functionname_doesnotexist: list('doesnotexist'),
        delete_provisioned_functionname_doesnotexist: remove('doesnotexist', '1'),
        delete_provisioned_qualifier_doesnotexist: remove(name, 'noalias'),
        delete_provisioned_version_doesnotexist: remove(name, '10'),
        delete_provisioned_latest: remove(name, '$LATEST'),
        delete_provisioned_config_doesnotexist: remove(name, '1'),
        put_provisioned_invalid_param_0: put(name, '1', 0),
        put_provisioned_functionname_doesnotexist_alias: put('doesnotexist', 'noalias'),
        put_provisioned_functionname_doesnotexist_version: put('doesnotexist', '1'),
        put_provisioned_qualifier_doesnotexist: put(name, 'doesnotexist'),
        put_provisioned_version_doesnotexist: put(name, '10'),
        put_provisioned_latest: put(name, '$LATEST'),
      });
    },
  },
];

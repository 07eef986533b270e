import {
  aliasConfigurationSchema,
  functionConcurrencySchema,
  functionConfigurationSchema,
  jsonSchemaOf,
} from '@easyfaas/contracts/schemas';
import type { CreatedKey, KeyView, LayerVersionView, ProvisionedConcurrency, RateLimit, SecretView } from '@easyfaas/contracts/wire';
import { type JsonSchema, anyObject, count, described, figure, listOf, objectOf, oneOf, optional, ref, text, time } from '../json-schema';

const nextMarker = optional(text('There are more: ask again with this as marker.'));

/** Functions and what belongs to them, keys. */
export function functionAnswers(): Record<string, JsonSchema> {
  return {
    FunctionConfiguration: described(
      jsonSchemaOf(functionConfigurationSchema),
      'The configuration of a function or of one of its versions.',
    ),
    FunctionConcurrency: described(jsonSchemaOf(functionConcurrencySchema), 'Executions that are reserved, if any.'),
    FunctionView: objectOf<{ Configuration: object; Code: object; Concurrency: object }>('A function, or one of its versions.', {
      Configuration: ref('FunctionConfiguration'),
      Code: objectOf<{ RepositoryType: string; Sha256: string }>('Its package.', { RepositoryType: text(), Sha256: text('Hex.') }),
      Concurrency: ref('FunctionConcurrency'),
    }),
    FunctionList: objectOf<{ Functions: object[]; NextMarker?: string }>('A page of functions.', {
      Functions: listOf(ref('FunctionConfiguration')),
      NextMarker: nextMarker,
    }),
    VersionList: objectOf<{ Versions: object[]; NextMarker?: string }>('A page of versions.', {
      Versions: listOf(ref('FunctionConfiguration')),
      NextMarker: nextMarker,
    }),
    AliasConfiguration: described(jsonSchemaOf(aliasConfigurationSchema), 'An alias.'),
    AliasList: objectOf<{ Aliases: object[] }>('All aliases of the function.', { Aliases: listOf(ref('AliasConfiguration')) }),
    SecretView: objectOf<SecretView>('A secret without its value.', { Name: text(), LastModified: time() }),
    SecretList: objectOf<{ Secrets: object[] }>('All secrets of the function, without their values.', {
      Secrets: listOf(ref('SecretView')),
    }),
    ...layers(),
    ...provisioned(),
    ...keys(),
  };
}

function layers(): Record<string, JsonSchema> {
  return {
    LayerVersionView: objectOf<LayerVersionView>('A version of a layer.', {
      LayerName: text(),
      LayerArn: text(),
      LayerVersionArn: text('What a function names in Layers.'),
      Version: count(),
      Description: text(),
      CompatibleRuntimes: listOf(text(), 'Empty: any.'),
      CreatedDate: time(),
      Content: objectOf<LayerVersionView['Content']>(undefined, {
        CodeSha256: text(),
        CodeSize: count('Bytes of the zip.'),
        UnpackedSize: count('Bytes.'),
      }),
    }),
    LayerVersionList: objectOf<{ LayerVersions: object[] }>('All versions of the layer.', {
      LayerVersions: listOf(ref('LayerVersionView')),
    }),
    LayerList: objectOf<{ Layers: object[]; NextMarker?: string }>('A page of layers.', {
      Layers: listOf(
        objectOf<{ LayerName: string; LayerArn: string; LatestMatchingVersion: object }>(undefined, {
          LayerName: text(),
          LayerArn: text(),
          LatestMatchingVersion: ref('LayerVersionView'),
        }),
      ),
      NextMarker: nextMarker,
    }),
  };
}

function provisioned(): Record<string, JsonSchema> {
  return {
    ProvisionedConcurrency: objectOf<ProvisionedConcurrency>('What is kept warm, and how far that has come.', {
      RequestedProvisionedConcurrentExecutions: count(),
      AvailableProvisionedConcurrentExecutions: count('Ready for calls.'),
      AllocatedProvisionedConcurrentExecutions: count('Ready, and on their way there.'),
      Status: oneOf(['IN_PROGRESS', 'READY', 'FAILED'], 'FAILED is tried again, less and less often.'),
      StatusReason: optional(text()),
      LastModified: time(),
    }),
    ProvisionedConcurrencyList: objectOf<{ ProvisionedConcurrencyConfigs: object[] }>('Of all versions and aliases (List=ALL).', {
      ProvisionedConcurrencyConfigs: listOf({
        allOf: [ref('ProvisionedConcurrency'), objectOf<{ Qualifier: string }>(undefined, { Qualifier: text() })],
      }),
    }),
    ProvisionedConcurrencyView: {
      description: 'What is kept warm of one qualifier; with List=ALL of each.',
      anyOf: [ref('ProvisionedConcurrency'), ref('ProvisionedConcurrencyList')],
    },
  };
}

function keys(): Record<string, JsonSchema> {
  return {
    KeyView: objectOf<KeyView>('A key without its secret.', {
      KeyId: text(),
      AccountId: text(),
      Scopes: listOf(text()),
      Functions: optional(listOf(text(), 'Absent: all of the account.')),
      Description: text(),
      CreatedAt: time(),
      ExpiresAt: optional(time()),
      RateLimit: optional(
        objectOf<RateLimit>('Requests of every kind, on each pod.', { RequestsPerSecond: figure(), Burst: figure('At once.') }),
      ),
      RotatedAt: optional(time()),
      PreviousValidUntil: optional(time('Until then the secret before the last rotation works as well.')),
      LastUsedAt: optional(time('To the minute or so.')),
    }),
    KeyList: objectOf<{ Keys: object[] }>('Keys of all accounts.', { Keys: listOf(ref('KeyView')) }),
    CreatedKey: {
      description: 'A key with its secret, which is shown this one time.',
      allOf: [ref('KeyView'), objectOf<Pick<CreatedKey, 'Key'>>(undefined, { Key: text('The whole key, as it is sent.') })],
    },
    Tags: objectOf<{ Tags: object }>('All tags of the function.', { Tags: anyObject('Values by key.') }),
  };
}

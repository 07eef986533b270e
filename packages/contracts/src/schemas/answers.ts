import Joi from 'joi';
import type { CreatedKey, InvocationRecord, KeyView, LayerVersionView, ProvisionedConcurrency, SecretView, TriggerView } from '../wire';
import { aliasConfigurationSchema } from './function-version';
import { functionConcurrencySchema, functionConfigurationSchema } from './function';
import { rateLimitSchema } from './trigger-sources';

/*
 * What the API answers, for its description. Members may be added at any time, so that nothing here refuses unknown ones.
 */

const text = Joi.string().allow('');
const time = Joi.string().isoDate();
const count = Joi.number().integer().min(0);
const texts = Joi.array().items(Joi.string());
const anything = Joi.object().unknown();
const listOf = (schema: Joi.Schema): Joi.ArraySchema => Joi.array().items(schema);
/** Marks of what comes after this page. */
const page = { NextMarker: Joi.string() };

const keyMembers = {
  KeyId: Joi.string().required(),
  AccountId: Joi.string().required(),
  Scopes: texts.required(),
  Functions: texts,
  Description: text.required(),
  CreatedAt: time.required(),
  ExpiresAt: time,
  RateLimit: rateLimitSchema,
  RotatedAt: time,
  PreviousValidUntil: time,
  LastUsedAt: time,
};
export const keyViewSchema = Joi.object<KeyView, true>(keyMembers).unknown();
export const createdKeySchema = Joi.object<CreatedKey, true>({ ...keyMembers, Key: Joi.string().required() }).unknown();
export const keyListSchema = Joi.object({ Keys: listOf(keyViewSchema).required() });

export const functionListSchema = Joi.object({ Functions: listOf(functionConfigurationSchema).required(), ...page });
export const functionViewSchema = Joi.object({
  Configuration: functionConfigurationSchema.required(),
  Code: Joi.object({ RepositoryType: Joi.string().required(), Sha256: Joi.string().required() }).unknown().required(),
  Concurrency: functionConcurrencySchema.required(),
});
export const versionListSchema = Joi.object({ Versions: listOf(functionConfigurationSchema).required(), ...page });
export const aliasListSchema = Joi.object({ Aliases: listOf(aliasConfigurationSchema).required() });

export const secretViewSchema = Joi.object<SecretView, true>({ Name: Joi.string().required(), LastModified: time.required() }).unknown();
export const secretListSchema = Joi.object({ Secrets: listOf(secretViewSchema).required() });

export const layerVersionViewSchema = Joi.object<LayerVersionView, true>({
  LayerName: Joi.string().required(),
  LayerArn: Joi.string().required(),
  LayerVersionArn: Joi.string().required(),
  Version: count.required(),
  Description: text.required(),
  CompatibleRuntimes: texts.required(),
  CreatedDate: time.required(),
  Content: Joi.object({ CodeSha256: Joi.string().required(), CodeSize: count.required(), UnpackedSize: count.required() }).required(),
}).unknown();
export const layerVersionListSchema = Joi.object({ LayerVersions: listOf(layerVersionViewSchema).required() });
export const layerListSchema = Joi.object({
  Layers: listOf(
    Joi.object({
      LayerName: Joi.string().required(),
      LayerArn: Joi.string().required(),
      LatestMatchingVersion: layerVersionViewSchema.required(),
    }),
  ).required(),
  ...page,
});

const provisioned: Joi.StrictSchemaMap<ProvisionedConcurrency> = {
  RequestedProvisionedConcurrentExecutions: count.required(),
  AvailableProvisionedConcurrentExecutions: count.required(),
  AllocatedProvisionedConcurrentExecutions: count.required(),
  Status: Joi.string().valid('IN_PROGRESS', 'READY', 'FAILED').required(),
  StatusReason: Joi.string(),
  LastModified: time.required(),
};
export const provisionedConcurrencySchema = Joi.object<ProvisionedConcurrency, true>(provisioned).unknown();

export const triggerViewSchema = Joi.object<TriggerView, true>({
  TriggerId: Joi.string().required(),
  Name: text.required(),
  Source: Joi.string().required(),
  FunctionName: Joi.string().required(),
  Qualifier: Joi.string().required(),
  Configuration: anything.required(),
  SecretNames: texts.required(),
  Filter: anything,
  Batch: anything,
  ErrorPolicy: anything.required(),
  Enabled: Joi.boolean().required(),
  State: Joi.string().required(),
  StateReason: text,
  LastError: anything,
  Counters: anything.required(),
  Details: anything.required(),
  RevisionId: Joi.string().required(),
  CreatedAt: time.required(),
  UpdatedAt: time.required(),
}).unknown();
export const triggerListSchema = Joi.object({ Triggers: listOf(triggerViewSchema).required(), ...page });

export const invocationRecordSchema = Joi.object<InvocationRecord, false>({
  requestId: Joi.string().required(),
  accountId: Joi.string().required(),
  functionName: Joi.string().required(),
  version: Joi.string().required(),
  invokeType: Joi.string().valid('RequestResponse', 'Event').required(),
  status: Joi.string().required(),
  errorType: text,
  errorMessage: text,
  startedAt: time.required(),
  stages: anything,
  payloadBytes: count,
  resultBytes: count,
  logTail: text,
}).unknown();
export const invocationListSchema = Joi.object({ invocations: listOf(invocationRecordSchema).required(), nextMarker: Joi.string() });
export const deadLetterListSchema = Joi.object({
  deadLetters: listOf(invocationRecordSchema).required(),
  total: count.required(),
  nextMarker: Joi.string(),
});
export const acceptedSchema = Joi.object({ requestId: Joi.string().required() }).unknown();

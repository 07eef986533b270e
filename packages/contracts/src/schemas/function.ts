import Joi from 'joi';
import type {
  CreateFunctionRequest,
  FunctionConcurrency,
  FunctionConfiguration,
  PutSecretRequest,
  StoredFunction,
  StoredLayerUse,
  StoredSecret,
  StoredUrlPermission,
  TagsRequest,
  UpdateCodeRequest,
  UpdateConfigurationRequest,
} from '../wire';
import { LIMITS } from '../wire';
import { storedProvisionedSchema } from './provisioned';

const networkMode = Joi.string().valid('none', 'egress');
const runtimeName = Joi.string().pattern(/^[a-z0-9][a-z0-9.-]{0,31}$/, 'the name of a runtime');
const sha256Hex = Joi.string().pattern(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');
const concurrent = Joi.number().integer().min(0).max(100_000);

/** Sizes and reserved names are the platform's rules, not the wire's: the function service checks them. */
const variables = Joi.object().pattern(Joi.string().allow('').max(4096), Joi.string().allow('').max(65_536)).max(1000);
const environment = Joi.object({ Variables: variables.required() });

/** Which keys there may be is the tag rules' business. */
const tags = Joi.object()
  .pattern(Joi.string().max(LIMITS.tagKeyLength), Joi.string().allow('').max(LIMITS.tagValueLength))
  .max(LIMITS.tagsPerFunction);

/** Which sizes there are is the platform's rule, as for the environment. */
const ephemeralStorage = Joi.object({ Size: Joi.number().integer().min(1).max(1_000_000).required() });

/** Members that a create and an update of the configuration share. */
const settings = {
  Description: Joi.string().allow('').max(256),
  Timeout: Joi.number().integer().min(1).max(LIMITS.timeoutSecondsMax),
  MemorySize: Joi.number().integer().min(LIMITS.memoryMbMin).max(LIMITS.memoryMbMax),
  Environment: environment,
  PodConcurrentQuota: Joi.number().integer().min(1).max(LIMITS.podConcurrentQuotaMax),
  ReservedConcurrentExecutions: concurrent,
  NetworkMode: networkMode,
  EphemeralStorage: ephemeralStorage,
  KeepPayloads: Joi.boolean(),
  Tags: tags,
  Layers: Joi.array().items(Joi.string().max(256)).max(LIMITS.layersPerFunction),
  RevisionId: Joi.string().max(64),
};

const handler = Joi.string().min(1).max(128);
const zipFile = Joi.string().min(1).max(LIMITS.controlBodyBytes);

export const createFunctionRequestSchema = Joi.object<CreateFunctionRequest, true>({
  ...settings,
  Code: Joi.object({ ZipFile: zipFile.required(), Sha256: sha256Hex }).required(),
  Runtime: runtimeName.required(),
  Handler: handler.required(),
  Publish: Joi.boolean(),
});

export const updateConfigurationRequestSchema = Joi.object<UpdateConfigurationRequest, true>({
  ...settings,
  Runtime: runtimeName,
  Handler: handler,
});

export const updateCodeRequestSchema = Joi.object<UpdateCodeRequest, true>({
  ZipFile: zipFile.required(),
  Sha256: sha256Hex,
  RevisionId: Joi.string().max(64),
  Publish: Joi.boolean(),
});

export const tagsRequestSchema = Joi.object<TagsRequest, true>({ Tags: tags.required() });

export const functionConcurrencySchema = Joi.object<FunctionConcurrency, true>({ ReservedConcurrentExecutions: concurrent });

const text = (max: number): Joi.StringSchema => Joi.string().allow('').max(max);

const byteCount = Joi.number().integer().min(0);

export const functionConfigurationSchema = Joi.object<FunctionConfiguration, true>({
  FunctionName: Joi.string()
    .pattern(/^[A-Za-z0-9_-]{1,64}$/)
    .required(),
  FunctionArn: text(512).required(),
  Uid: text(64).required(),
  Version: text(32).required(),
  Description: text(256).required(),
  Runtime: runtimeName.required(),
  Handler: handler.required(),
  Timeout: settings.Timeout.required(),
  MemorySize: settings.MemorySize.required(),
  Environment: environment.required(),
  PodConcurrentQuota: settings.PodConcurrentQuota.required(),
  NetworkMode: networkMode.required(),
  EphemeralStorage: ephemeralStorage,
  KeepPayloads: Joi.boolean(),
  Tags: tags.required(),
  Layers: Joi.array()
    .items(Joi.object({ Arn: text(512).required(), CodeSize: byteCount.required() }).unknown())
    .max(100),
  CodeSha256: text(64).required(),
  CodeSize: Joi.number().integer().min(0).required(),
  CommitId: text(128).required(),
  RevisionId: text(64).required(),
  LastModified: text(40).required(),
  State: Joi.string().valid('Pending', 'Active', 'Failed').required(),
  StateReason: text(1024),
  StateReasonCode: text(64),
  LastUpdateStatus: Joi.string().valid('InProgress', 'Successful', 'Failed'),
  LastUpdateStatusReason: text(1024),
  LastUpdateStatusReasonCode: text(64),
}).unknown();

const layerUse = Joi.object<StoredLayerUse, true>({
  arn: text(512).required(),
  sha256: sha256Hex.required(),
  sizeBytes: byteCount.required(),
  unpackedBytes: byteCount.required(),
}).unknown();

const storedSecret = Joi.object<StoredSecret, true>({
  sealed: text(65_536).required(),
  bytes: byteCount.required(),
  lastModified: text(40).required(),
}).unknown();

const storedUrlPermission = Joi.object<StoredUrlPermission, true>({
  statementId: text(128).required(),
  action: Joi.string().valid('lambda:InvokeFunctionUrl', 'lambda:InvokeFunction').required(),
}).unknown();

/** What a value may be is the secret service's business; a text that is far too long never gets there. */
export const putSecretRequestSchema = Joi.object<PutSecretRequest, true>({ Value: Joi.string().allow('').max(65_536).required() });

/** As the store keeps it. Members that a newer version added are let through. */
export const storedFunctionSchema = Joi.object<StoredFunction, true>({
  accountId: Joi.string().max(64).required(),
  configuration: functionConfigurationSchema.required(),
  concurrency: functionConcurrencySchema.unknown().required(),
  code: Joi.object({ sha256: sha256Hex.required(), sizeBytes: byteCount.required(), unpackedBytes: byteCount }).unknown().required(),
  layers: Joi.array().items(layerUse).max(100),
  secrets: Joi.object().pattern(Joi.string().max(128), storedSecret).max(100),
  baseCommitId: text(128),
  urlPermissions: Joi.object().pattern(Joi.string().max(128), Joi.array().items(storedUrlPermission).max(100)),
  publishedDescription: Joi.string().allow('').max(4096),
  provisioned: Joi.object().pattern(Joi.string().max(128), storedProvisionedSchema),
}).unknown();

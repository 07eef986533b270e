import Joi from 'joi';
import type { RegistryFunction, RegistryRuntime } from '../wire';
import { LIMITS } from '../wire';

const text = (max: number): Joi.StringSchema => Joi.string().allow('').max(max);
const runtimeName = Joi.string().pattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'the name of a runtime');

/** Members that a registry has besides are let through. */
export const registryFunctionSchema = Joi.object<RegistryFunction, true>({
  Code: Joi.object({ Location: Joi.string().max(4096).required(), RepositoryType: text(64) })
    .unknown()
    .required(),
  Configuration: Joi.object({
    FunctionName: Joi.string()
      .pattern(/^[A-Za-z0-9_-]{1,64}$/, 'the name of a function')
      .required(),
    FunctionArn: Joi.string()
      .pattern(/^[\x21-\x7e]{1,512}$/, 'an ARN')
      .required(),
    Uid: Joi.string().max(64).required(),
    Version: Joi.string()
      .pattern(/^(\$LATEST|[1-9]\d{0,9})$/, '$LATEST or the number of a version')
      .required(),
    Runtime: runtimeName.required(),
    Handler: Joi.string().min(1).max(128).required(),
    MemorySize: Joi.number().integer().min(LIMITS.memoryMbMin).max(LIMITS.memoryMbMax).required(),
    Timeout: Joi.number().integer().min(1).max(LIMITS.timeoutSecondsMax),
    CommitId: Joi.string().min(1).max(256).required(),
    CodeSha256: Joi.string()
      .pattern(/^([0-9a-f]{64}|[A-Za-z0-9+/]{43}=)$/, 'a SHA-256 in base64 or hex')
      .required(),
    Environment: Joi.object({ Variables: Joi.object().pattern(Joi.string().max(4096), text(65_536)).max(1000).required() }).unknown(),
    PodConcurrentQuota: Joi.number().integer().min(1).max(LIMITS.podConcurrentQuotaMax),
    NetworkMode: Joi.string().valid('none', 'egress'),
    EphemeralStorage: Joi.object({ Size: Joi.number().integer().min(1).max(1_000_000).required() }).unknown(),
    Description: text(256),
    LastModified: text(40),
  })
    .unknown()
    .required(),
  Concurrency: Joi.object({ ReservedConcurrentExecutions: Joi.number().integer().min(0).max(100_000) }).unknown(),
}).unknown();

export const registryRuntimeSchema = Joi.object<RegistryRuntime, true>({
  Name: runtimeName.required(),
  Bin: text(4096),
  Path: text(4096),
  Args: Joi.array().items(text(4096)).max(100),
}).unknown();

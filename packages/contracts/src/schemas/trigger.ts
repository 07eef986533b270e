import Joi from 'joi';
import type { CreateTriggerRequest, RedriveTriggerRequest, StoredTrigger, UpdateTriggerRequest } from '../wire';
import { TRIGGER_LIMITS } from '../wire';

const sourceName = Joi.string().pattern(/^[a-z][a-z0-9-]{0,31}$/, 'the name of a trigger source');
const triggerName = Joi.string().pattern(/^[A-Za-z0-9_-]{1,64}$/, 'a name: letters, digits, _ and -');
const qualifier = Joi.string().pattern(/^(\$LATEST|[A-Za-z0-9_-]{1,128})$/, 'a version or alias');
/** Its members are the source's business. */
const configuration = Joi.object().unknown().max(64);
const secretName = Joi.string().pattern(/^[A-Z][A-Za-z0-9]{0,31}$/);

const filter = Joi.object({
  Filters: Joi.array()
    .items(
      Joi.object({
        Pattern: Joi.alternatives(Joi.object().unknown().max(64), Joi.string().max(TRIGGER_LIMITS.configurationBytes)).required(),
      }),
    )
    .min(1)
    .max(TRIGGER_LIMITS.filterPatterns)
    .required(),
});

const batch = Joi.object({
  Size: Joi.number().integer().min(1).max(TRIGGER_LIMITS.batchSize),
  WindowMs: Joi.number().integer().min(0).max(TRIGGER_LIMITS.batchWindowMs),
});

const errorPolicy = Joi.object({
  MaxAttempts: Joi.number().integer().min(1).max(1000),
  PauseAfterFailures: Joi.number().integer().min(0).max(100_000),
});

const settings = {
  Name: triggerName,
  Qualifier: qualifier,
  Configuration: configuration,
  Secrets: Joi.object().pattern(secretName, Joi.string().min(1).max(TRIGGER_LIMITS.secretBytes).allow(null)).max(8),
  Filter: filter,
  Batch: batch,
  ErrorPolicy: errorPolicy,
  Enabled: Joi.boolean(),
};

export const createTriggerRequestSchema = Joi.object<CreateTriggerRequest, true>({
  ...settings,
  Source: sourceName.required(),
  FunctionName: Joi.string().min(1).max(512).required(),
});

export const updateTriggerRequestSchema = Joi.object<UpdateTriggerRequest, true>({
  ...settings,
  FunctionName: Joi.string().min(1).max(512),
  RevisionId: Joi.string().max(64),
});

/** As the store keeps it. Members that a newer version added are let through. */
export const storedTriggerSchema = Joi.object<StoredTrigger, true>({
  triggerId: Joi.string()
    .pattern(/^[a-z0-9]{8,32}$/)
    .required(),
  accountId: Joi.string().max(64).required(),
  name: Joi.string().allow('').max(TRIGGER_LIMITS.nameCharacters).required(),
  source: sourceName.required(),
  functionName: Joi.string().max(64).required(),
  qualifier: qualifier.required(),
  configuration: configuration.required(),
  secrets: Joi.object().pattern(Joi.string(), Joi.string()).required(),
  filter: filter.unknown(),
  batch: batch.unknown(),
  errorPolicy: errorPolicy.unknown().required(),
  isEnabled: Joi.boolean().required(),
  pauseReason: Joi.string().max(1024),
  revisionId: Joi.string().max(64).required(),
  createdAt: Joi.string().max(40).required(),
  updatedAt: Joi.string().max(40).required(),
}).unknown();

export const redriveTriggerRequestSchema = Joi.object<RedriveTriggerRequest, true>({
  DeadLetterIds: Joi.array()
    .items(Joi.string().pattern(/^\d{1,20}-\d{1,20}$/, 'the id of a dead letter'))
    .min(1)
    .max(100),
  All: Joi.boolean(),
});

import Joi from 'joi';
import { LIMITS, type RuntimeManifest } from '../wire';

const text = Joi.string().max(512);

export const runtimeManifestSchema = Joi.object<RuntimeManifest, true>({
  name: Joi.string()
    .pattern(/^[a-z0-9][a-z0-9.-]{0,31}$/)
    .required(),
  aliases: Joi.array().items(text.max(32)).max(8),
  title: text.required(),
  liveMemory: Joi.boolean(),
  streaming: Joi.boolean(),
  entryIsExecutable: Joi.boolean(),
  concurrencyMax: Joi.number().integer().min(1).max(LIMITS.podConcurrentQuotaMax),
  poolMin: Joi.number().integer().min(0).max(100),
  isOptional: Joi.boolean(),
  command: text.required(),
  args: Joi.array().items(text.allow('')).max(32).required(),
  env: Joi.object().pattern(Joi.string().max(64), text.allow('')),
  handlerPattern: text.required(),
  handlerExample: text.required(),
  entryFile: text.required(),
  sourceContentTypes: Joi.array().items(text).max(8).required(),
  image: text.required(),
});

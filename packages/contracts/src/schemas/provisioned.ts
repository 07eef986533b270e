import Joi from 'joi';
import type { PutProvisionedConcurrencyRequest, StoredProvisioned } from '../wire';

const EXECUTIONS_MAX = 100_000;
const executions = Joi.number().integer().min(1).max(EXECUTIONS_MAX);

export const putProvisionedConcurrencySchema = Joi.object<PutProvisionedConcurrencyRequest, true>({
  ProvisionedConcurrentExecutions: executions.required(),
});

export const storedProvisionedSchema = Joi.object<StoredProvisioned, true>({
  ProvisionedConcurrentExecutions: executions.required(),
  LastModified: Joi.string().max(40).required(),
}).unknown();

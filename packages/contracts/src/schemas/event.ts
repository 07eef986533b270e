import Joi from 'joi';
import type { DeadLettersRequest, EventInvokeConfigRequest, ReplayRequest } from '../wire';
import { TRIGGER_LIMITS } from '../wire';

const destination = Joi.object({
  Destination: Joi.string().min(1).max(2048).required(),
  Format: Joi.string().valid('lambda', 'cloudevents'),
  Username: Joi.string().min(1).max(256),
  Password: Joi.string().min(1).max(TRIGGER_LIMITS.secretBytes),
}).with('Password', 'Username');
const requestId = Joi.string().pattern(/^[A-Za-z0-9-]{8,64}$/, 'the id of an invocation');

export const eventInvokeConfigRequestSchema = Joi.object<EventInvokeConfigRequest, true>({
  MaximumRetryAttempts: Joi.number().integer().min(0).max(10),
  MaximumEventAgeInSeconds: Joi.number().integer().min(60).max(21_600),
  DestinationConfig: Joi.object({ OnSuccess: destination, OnFailure: destination }),
});

export const deadLettersRequestSchema = Joi.object<DeadLettersRequest, true>({
  kind: Joi.string().valid('event', 'delivery'),
  requestIds: Joi.array().items(requestId).min(1).max(500),
  condition: Joi.string().max(64),
  errorType: Joi.string().max(256),
  since: Joi.string().isoDate(),
  until: Joi.string().isoDate(),
  all: Joi.boolean(),
  force: Joi.boolean(),
});

export const replayRequestSchema = Joi.object<ReplayRequest, true>({
  Qualifier: Joi.string().pattern(/^(\$LATEST|[A-Za-z0-9_-]{1,128})$/, 'a version or an alias'),
});

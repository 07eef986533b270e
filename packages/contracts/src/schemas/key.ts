import Joi from 'joi';
import type { CreateKeyRequest, RotateKeyRequest } from '../wire';
import { rateLimitSchema } from './trigger-sources';

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
const GRACE_SECONDS_MAX = 30 * 86_400;

/** Which actions there are is the controller's to know: it checks them once more. */
export const createKeyRequestSchema = Joi.object<CreateKeyRequest, true>({
  AccountId: Joi.string().pattern(/^[a-z0-9][a-z0-9-]{0,63}$/, 'an account: a-z, 0-9 and -'),
  Scopes: Joi.array()
    .items(Joi.string().pattern(/^(admin|deploy|invoke|read|[a-z]+:[a-z]+)$/, 'a scope: admin, deploy, invoke, read, or an action'))
    .min(1)
    .max(16)
    .unique(),
  Functions: Joi.array()
    .items(Joi.string().pattern(/^[A-Za-z0-9_-]{1,64}\*?$/, 'the name of a function, or the beginning of one with a * behind it'))
    .min(1)
    .max(100)
    .unique(),
  ExpiresAt: Joi.string().pattern(instant, 'a time with its zone, such as 2030-01-31T12:00:00Z'),
  RateLimit: rateLimitSchema,
  Description: Joi.string().allow('').max(256),
});

export const rotateKeyRequestSchema = Joi.object<RotateKeyRequest, true>({
  GraceSeconds: Joi.number().integer().min(0).max(GRACE_SECONDS_MAX),
});

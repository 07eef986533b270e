import Joi from 'joi';
import type { CreateKeyRequest } from '../wire';

export const createKeyRequestSchema = Joi.object<CreateKeyRequest, true>({
  AccountId: Joi.string().pattern(/^[a-z0-9][a-z0-9-]{0,63}$/, 'an account: a-z, 0-9 and -'),
  Scopes: Joi.array()
    .items(Joi.string().valid('admin', 'deploy', 'invoke', 'read'))
    .min(1)
    .max(4)
    .unique(),
  Description: Joi.string().allow('').max(256),
});

import Joi from 'joi';
import type { AliasConfiguration, CreateAliasRequest, PublishVersionRequest, UpdateAliasRequest } from '../wire';

const revisionId = Joi.string().max(64);
const description = Joi.string().allow('').max(256);
const version = Joi.string().pattern(/^(\$LATEST|[1-9]\d{0,9})$/, '$LATEST or the number of a version');
/** One pattern: of two, JSON Schema would get the last one, and not that it is turned round. */
const aliasName = Joi.string().pattern(
  /^(?!\d+$)[A-Za-z0-9_-]{1,128}$/,
  'the name of an alias: 1 to 128 letters, digits, - and _, not a number, which names a version',
);

/** How many versions and which ones is the alias service's business. */
const weights = Joi.object().pattern(Joi.string().max(16), Joi.number().min(0).max(1)).max(16);
const routing = Joi.object({ AdditionalVersionWeights: weights });

export const publishVersionRequestSchema = Joi.object<PublishVersionRequest, true>({
  CodeSha256: Joi.string().max(64),
  RevisionId: revisionId,
  Description: description,
});

export const createAliasRequestSchema = Joi.object<CreateAliasRequest, true>({
  Name: aliasName.required(),
  FunctionVersion: version.required(),
  Description: description,
  RoutingConfig: routing,
});

export const updateAliasRequestSchema = Joi.object<UpdateAliasRequest, true>({
  FunctionVersion: version,
  Description: description,
  RoutingConfig: routing,
  RevisionId: revisionId,
});

/** As the store keeps it. Members that a newer version added are let through. */
export const aliasConfigurationSchema = Joi.object<AliasConfiguration, true>({
  AliasArn: Joi.string().max(512).required(),
  Name: aliasName.required(),
  FunctionVersion: version.required(),
  Description: description.required(),
  RoutingConfig: Joi.object({ AdditionalVersionWeights: weights.required() }).unknown(),
  RevisionId: revisionId.required(),
}).unknown();

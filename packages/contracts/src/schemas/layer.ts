import Joi from 'joi';
import type { PublishLayerRequest, StoredLayerVersion } from '../wire';
import { LIMITS } from '../wire';

const sha256Hex = Joi.string().pattern(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');
const description = Joi.string().allow('').max(256);
const runtimeNames = Joi.array()
  .items(Joi.string().pattern(/^[a-z0-9][a-z0-9.-]{0,31}$/, 'the name of a runtime'))
  .max(15)
  .unique();
const bytes = Joi.number().integer().min(0);

export const publishLayerRequestSchema = Joi.object<PublishLayerRequest, true>({
  Content: Joi.object({ ZipFile: Joi.string().min(1).max(LIMITS.controlBodyBytes).required(), Sha256: sha256Hex }).required(),
  Description: description,
  CompatibleRuntimes: runtimeNames,
});

/** As the store keeps it. Members that a newer version added are let through. */
export const storedLayerVersionSchema = Joi.object<StoredLayerVersion, true>({
  accountId: Joi.string().max(64).required(),
  layerName: Joi.string().max(64).required(),
  description: description.required(),
  compatibleRuntimes: runtimeNames.required(),
  sha256: sha256Hex.required(),
  sizeBytes: bytes.required(),
  unpackedBytes: bytes.required(),
  createdDate: Joi.string().max(40).required(),
}).unknown();

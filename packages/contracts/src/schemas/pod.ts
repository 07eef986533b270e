import Joi from 'joi';
import type { PodCallFacts, PodClaims, PodLease } from '../wire';

const podId = Joi.string().pattern(/^[a-z0-9][a-z0-9-]{0,62}$/, 'the id of a pod');
const uuid = Joi.string().max(64);
const count = Joi.number().integer().min(0);
const ms = Joi.number().min(0);
const text = (max: number): Joi.StringSchema => Joi.string().allow('').max(max);

/** Pods of other versions may say more than this one knows. */
export const podLeaseSchema = Joi.object<PodLease, true>({
  podId: podId.required(),
  bootId: uuid.required(),
  address: Joi.string()
    .uri({ scheme: ['http', 'https'] })
    .max(512)
    .required(),
  version: text(64).required(),
  startedAtMs: ms.required(),
  isDraining: Joi.boolean().required(),
  capacity: Joi.object({
    containers: count.required(),
    containersMax: count.required(),
    cold: Joi.object().pattern(Joi.string().max(32), count).max(100).required(),
    memoryFreeMb: Joi.number(),
    freeSlots: count.required(),
    waiting: count.required(),
  })
    .unknown()
    .required(),
}).unknown();

const call = Joi.object({
  requestId: Joi.string()
    .pattern(/^[A-Za-z0-9-]{8,64}$/)
    .required(),
  principal: Joi.object({ accountId: text(64).required(), keyId: text(64) })
    .unknown()
    .required(),
  functionName: text(64).required(),
  version: text(32).required(),
  contentType: text(1024),
  clientContext: text(8192),
  traceparent: text(256),
  tracestate: text(512),
  isAdmitted: Joi.boolean().required(),
  takesPieces: Joi.boolean().valid(true),
}).unknown();

export const podClaimsSchema = Joi.object<PodClaims, true>({
  from: podId.required(),
  to: podId.required(),
  toBoot: uuid.required(),
  atMs: ms.required(),
  nonce: Joi.string()
    .pattern(/^[0-9a-f]{32}$/)
    .required(),
  bodySha256: Joi.string()
    .pattern(/^[0-9a-f]{64}$/)
    .required(),
  bodyBytes: count.required(),
  call,
}).unknown();

export const podCallFactsSchema = Joi.object<PodCallFacts, true>({
  outcome: Joi.string().valid('result', 'function-error').required(),
  errorType: text(256),
  containerId: Joi.string().pattern(/^[0-9a-f]{12}$/),
  start: Joi.string().valid('warm', 'cold'),
  coldReason: text(64),
  warmUpMs: ms,
  initMs: ms,
  invokeMs: ms.required(),
  cpuMs: ms,
  maxRssKb: ms,
  log: Joi.string().allow('').base64().max(16_384),
  // Checked where it becomes an answer, as that of a function of this pod.
  http: Joi.object().unknown(),
  isStreamed: Joi.boolean().valid(true),
  error: Joi.string().allow('').base64().max(16_384),
}).unknown();

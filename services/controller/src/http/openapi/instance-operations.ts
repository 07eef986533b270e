import type { Answer, Operations } from './operation';

const JSON_TYPE = 'application/json';
const json: Answer = { status: 200, type: JSON_TYPE };
const noContainer = ['CONTAINER_NOT_FOUND', 'FUNCLET_UNAVAILABLE', 'ILLEGAL_TRANSITION'] as const;

/** The instance itself: what it is, how it does, who may use it. */
export const INSTANCE_OPERATIONS: Operations = {
  'get /healthz': { summary: 'Whether the service is alive', answers: [json] },
  'get /readyz': {
    summary: 'Whether it can do its work, with each thing that it needs',
    answers: [json, { status: 503, type: JSON_TYPE }],
  },
  'get /version': { summary: 'What it is', answers: [json] },
  'get /metrics': { summary: 'Figures for Prometheus', answers: [{ status: 200, type: 'text/plain' }] },
  'get /v1/openapi.json': { summary: 'This document', answers: [json] },
  'get /v1/runtimes': { summary: 'Languages of this installation and how a handler is written in each', answers: [json] },
  'get /v1/resource': { summary: 'Memory of the node, what is reserved and what for', answers: [json] },
  'get /v1/pods': { summary: 'Pods that share the Redis of this one', answers: [json] },
  'get /v1/pool': {
    summary: 'Containers of this pod; with watch as they change',
    query: ['watch'],
    answers: [{ ...json }],
  },
  'get /v1/pool/:containerId': { summary: 'A container', answers: [json], errors: ['CONTAINER_NOT_FOUND'] },
  'patch /v1/pool/:containerId': {
    summary: 'Change the memory of a container',
    body: { [JSON_TYPE]: 'PoolResizeRequest' },
    answers: [json],
    errors: [...noContainer, 'MEMORY_BUSY', 'CAPACITY_EXCEEDED'],
  },
  'post /v1/pool/:containerId/drain': { summary: 'Reset a container once its calls have ended', answers: [json], errors: noContainer },
  'post /v1/pool/:containerId/reborn': { summary: 'The same', answers: [json], errors: noContainer },
  'get /v1/keys': { summary: 'Keys of all accounts, without their secrets', answers: [{ status: 200, schema: 'KeyList' }] },
  'post /v1/keys': {
    summary: 'Make a key; its secret is shown this once',
    body: { [JSON_TYPE]: 'CreateKeyRequest' },
    answers: [{ status: 201, schema: 'CreatedKey' }],
  },
  'get /v1/keys/:keyId': { summary: 'A key', answers: [{ status: 200, schema: 'KeyView' }], errors: ['KEY_NOT_FOUND'] },
  'delete /v1/keys/:keyId': {
    summary: 'Revoke a key with all its secrets',
    answers: [{ status: 204 }],
    errors: ['KEY_NOT_FOUND', 'CONFLICT'],
  },
  'post /v1/keys/:keyId/rotate': {
    summary: 'Give a key a new secret, which is shown this once; the one before works for a while',
    body: { [JSON_TYPE]: 'RotateKeyRequest' },
    isBodyOptional: true,
    answers: [{ status: 200, schema: 'CreatedKey' }],
    errors: ['KEY_NOT_FOUND', 'CONFLICT'],
  },
};

import { type Operations, ok } from './operation';

const JSON_TYPE = 'application/json';
const noContainer = ['CONTAINER_NOT_FOUND', 'FUNCLET_UNAVAILABLE', 'ILLEGAL_TRANSITION'] as const;

/** The instance itself: what it is, how it does, who may use it. */
export const instanceOperations = (): Operations => ({
  'get /healthz': { summary: 'Whether the service is alive', answers: [ok('Alive')] },
  'get /readyz': {
    summary: 'Whether it can do its work, with each thing that it needs',
    answers: [ok('Readiness'), { status: 503, schema: 'Readiness' }],
  },
  'get /version': { summary: 'What the service is', answers: [ok('ServiceVersion')] },
  'get /metrics': {
    summary: 'Figures for Prometheus; docs/operations.md explains each',
    answers: [{ status: 200, type: 'text/plain', says: "Prometheus's text format." }],
  },
  'get /v1/openapi.json': { summary: 'This document', answers: [ok('OpenapiDocument')] },
  'get /v1/runtimes': { summary: 'Languages of this installation and how a handler is written in each', answers: [ok('RuntimeList')] },
  'get /v1/resource': { summary: 'Memory of the node, what is reserved and what for', answers: [ok('ResourceReport')] },
  'get /v1/pods': { summary: 'Pods that share the Redis of this one', answers: [ok('PodsView')] },
  'get /v1/pool': {
    summary: 'Containers of this pod; with watch as they change',
    query: ['watch'],
    answers: [{ status: 200, schema: 'PoolSummary', events: 'container, gone and pool: everything once, then what changes.' }],
  },
  'get /v1/pool/:containerId': { summary: 'A container and its history', answers: [ok('PoolContainer')], errors: ['CONTAINER_NOT_FOUND'] },
  'patch /v1/pool/:containerId': {
    summary: 'Change the memory of a live container',
    body: { [JSON_TYPE]: 'PoolResizeRequest' },
    answers: [ok('PoolContainer')],
    errors: [...noContainer, 'MEMORY_BUSY', 'CAPACITY_EXCEEDED'],
  },
  'post /v1/pool/:containerId/drain': {
    summary: 'Reset a container once its calls have ended',
    answers: [ok('PoolContainer')],
    errors: noContainer,
  },
  'post /v1/pool/:containerId/reborn': {
    summary: 'Have another container of its function warmed up, then reset this one once its calls have ended',
    answers: [ok('PoolContainer')],
    errors: [...noContainer, 'RUNTIME_UNAVAILABLE'],
  },
  'get /v1/keys': { summary: 'Keys of all accounts, without their secrets', answers: [ok('KeyList')] },
  'post /v1/keys': {
    summary: 'Make a key; its secret is shown this once',
    body: { [JSON_TYPE]: 'CreateKeyRequest' },
    answers: [{ status: 201, schema: 'CreatedKey' }],
  },
  'get /v1/keys/:keyId': { summary: 'A key without its secret', answers: [ok('KeyView')], errors: ['KEY_NOT_FOUND'] },
  'delete /v1/keys/:keyId': {
    summary: 'Revoke a key with all its secrets',
    answers: [{ status: 204 }],
    errors: ['KEY_NOT_FOUND', 'CONFLICT'],
  },
  'post /v1/keys/:keyId/rotate': {
    summary: 'Give a key a new secret, which is shown this once; the one before works for a while',
    body: { [JSON_TYPE]: 'RotateKeyRequest' },
    isBodyOptional: true,
    answers: [ok('CreatedKey')],
    errors: ['KEY_NOT_FOUND', 'CONFLICT'],
  },
  'get /v1/registry/functions/:id': {
    summary: 'A function as another installation asks for it, which has this one as its registry',
    query: ['Qualifier'],
    headers: ['X-Easyfaas-Account-Id', 'If-None-Match'],
    answers: [ok('RegistryFunction'), { status: 304, says: 'It is as the one who asks has it.' }],
    errors: ['INVALID_NAME', 'FUNCTION_NOT_FOUND', 'NOT_SUPPORTED'],
  },
  'get /v1/registry/functions/:id/code': {
    summary: "A function's package for another installation",
    query: ['Qualifier', 'Account'],
    answers: [{ status: 200, type: 'application/zip', says: 'The package.' }],
    errors: ['INVALID_NAME', 'FUNCTION_NOT_FOUND', 'PACKAGE_MISSING'],
  },
  'get /v1/registry/runtimes/:runtime/configuration': {
    summary: 'A runtime for another installation',
    answers: [ok('RegistryRuntime')],
    errors: ['ROUTE_NOT_FOUND'],
  },
});

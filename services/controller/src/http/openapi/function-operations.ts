import type { Answer, Operations } from './operation';

const JSON_TYPE = 'application/json';
const configuration: Answer = { status: 200, schema: 'FunctionConfiguration' };
const created: Answer = { status: 201, schema: 'FunctionConfiguration' };
const tagged: Answer = { status: 200, schema: 'TagsRequest' };
const gone: Answer = { status: 204 };
const sources = { 'application/zip': true, 'text/javascript': true, 'text/typescript': true, 'text/x-python': true } as const;
const missing = ['INVALID_NAME', 'FUNCTION_NOT_FOUND'] as const;
const badCode = [
  'INVALID_PACKAGE',
  'INVALID_SOURCE',
  'PACKAGE_LINK',
  'CHECKSUM_MISMATCH',
  'PACKAGE_TOO_LARGE',
  'PACKAGE_TOO_MANY_FILES',
  'DISK_FULL',
] as const;
const settings = [
  'Runtime',
  'Handler',
  'Timeout',
  'MemorySize',
  'PodConcurrentQuota',
  'NetworkMode',
  'EphemeralStorage',
  'Description',
  'Publish',
] as const;

export const FUNCTION_OPERATIONS: Operations = {
  'get /v1/functions': {
    summary: 'Functions of the account, in order of their names',
    query: ['marker', 'maxItems', 'tag'],
    answers: [{ status: 200, schema: 'FunctionList' }],
  },
  'post /v1/functions/:id': {
    summary: 'Make a function, from a zip, one source file, or JSON with a zip in base64; settings are in the query unless it is JSON',
    query: settings,
    body: { [JSON_TYPE]: 'CreateFunctionRequest', ...sources },
    answers: [created],
    errors: ['INVALID_NAME', 'CONFLICT', 'RESERVED_ENV', 'EGRESS_FORBIDDEN', 'LAYER_NOT_FOUND', ...badCode],
  },
  'get /v1/functions/:id': {
    summary: 'A function, or one of its versions',
    query: ['Qualifier'],
    answers: [{ status: 200, schema: 'FunctionView' }],
    errors: missing,
  },
  'delete /v1/functions/:id': {
    summary: 'Delete a function, or one of its versions; running calls finish',
    query: ['Qualifier', 'cascade'],
    answers: [gone],
    errors: [...missing, 'TRIGGERS_EXIST', 'CONFLICT', 'PRECONDITION_FAILED'],
  },
  'put /v1/functions/:id/code': {
    summary: 'Replace the code',
    query: ['Publish'],
    body: { [JSON_TYPE]: 'UpdateCodeRequest', ...sources },
    answers: [configuration],
    errors: [...missing, 'PRECONDITION_FAILED', ...badCode],
  },
  'get /v1/functions/:id/configuration': {
    summary: 'The configuration of a function or of one of its versions',
    query: ['Qualifier'],
    answers: [configuration],
    errors: missing,
  },
  'put /v1/functions/:id/configuration': {
    summary: 'Change the configuration; members that are absent stay',
    body: { [JSON_TYPE]: 'UpdateConfigurationRequest' },
    answers: [configuration],
    errors: [...missing, 'PRECONDITION_FAILED', 'RESERVED_ENV', 'EGRESS_FORBIDDEN', 'LAYER_NOT_FOUND'],
  },
  'get /v1/functions/:id/concurrency': {
    summary: 'How many executions are reserved',
    answers: [{ status: 200, schema: 'FunctionConcurrency' }],
    errors: missing,
  },
  'put /v1/functions/:id/concurrency': {
    summary: 'Reserve executions, which is also the most that run at once',
    body: { [JSON_TYPE]: 'FunctionConcurrency' },
    answers: [{ status: 200, schema: 'FunctionConcurrency' }],
    errors: missing,
  },
  'delete /v1/functions/:id/concurrency': { summary: 'Reserve none', answers: [gone], errors: missing },
  'post /v1/functions/:id/invocations': {
    summary: 'Call a function; X-Easyfaas-Invoke-Type: event queues the call, dryrun only looks whether it could be made',
    query: ['Qualifier'],
    body: { [JSON_TYPE]: true, '*/*': true },
    isBodyOptional: true,
    answers: [{ status: 200, type: '*/*' }, { status: 202, schema: 'Accepted' }, gone],
    errors: [
      ...missing,
      'NOT_READY',
      'IDEMPOTENCY_MISMATCH',
      'IDEMPOTENCY_IN_FLIGHT',
      'CODE_CORRUPT',
      'PACKAGE_MISSING',
      'SECRET_UNREADABLE',
      'RUNTIME_UNAVAILABLE',
      'RUNTIME_LOST',
      'CIRCUIT_OPEN',
      'CAPACITY_EXCEEDED',
      'EGRESS_UNAVAILABLE',
      'QUEUE_UNAVAILABLE',
      'QUEUE_FULL',
      'RECURSION_LIMIT',
    ],
  },
  'get /v1/functions/:id/tags': { summary: 'Tags', answers: [tagged], errors: missing },
  'put /v1/functions/:id/tags': {
    summary: 'Replace all tags',
    body: { [JSON_TYPE]: 'TagsRequest' },
    answers: [tagged],
    errors: [...missing, 'PRECONDITION_FAILED'],
  },
  'post /v1/functions/:id/tags': {
    summary: 'Add tags',
    body: { [JSON_TYPE]: 'TagsRequest' },
    answers: [tagged],
    errors: [...missing, 'PRECONDITION_FAILED'],
  },
  'delete /v1/functions/:id/tags': {
    summary: 'Take tags away',
    query: ['keys'],
    answers: [gone],
    errors: [...missing, 'PRECONDITION_FAILED'],
  },
  'get /v1/functions/:id/versions': {
    summary: 'Published versions, oldest first',
    query: ['marker', 'maxItems'],
    answers: [{ status: 200, schema: 'VersionList' }],
    errors: missing,
  },
  'post /v1/functions/:id/versions': {
    summary: 'Publish what the function is now; it never changes',
    body: { [JSON_TYPE]: 'PublishVersionRequest' },
    isBodyOptional: true,
    answers: [created],
    errors: [...missing, 'PRECONDITION_FAILED'],
  },
  'get /v1/functions/:id/aliases': { summary: 'Aliases', answers: [{ status: 200, schema: 'AliasList' }], errors: missing },
  'post /v1/functions/:id/aliases': {
    summary: 'Make a name that points at a version, or at two with weights',
    body: { [JSON_TYPE]: 'CreateAliasRequest' },
    answers: [{ status: 201, schema: 'AliasConfiguration' }],
    errors: [...missing, 'CONFLICT'],
  },
  'get /v1/functions/:id/aliases/:alias': {
    summary: 'An alias',
    answers: [{ status: 200, schema: 'AliasConfiguration' }],
    errors: [...missing, 'ALIAS_NOT_FOUND'],
  },
  'put /v1/functions/:id/aliases/:alias': {
    summary: 'Point an alias somewhere else, or shift its weights',
    body: { [JSON_TYPE]: 'UpdateAliasRequest' },
    answers: [{ status: 200, schema: 'AliasConfiguration' }],
    errors: [...missing, 'ALIAS_NOT_FOUND', 'PRECONDITION_FAILED'],
  },
  'delete /v1/functions/:id/aliases/:alias': {
    summary: 'Delete an alias',
    answers: [gone],
    errors: [...missing, 'ALIAS_NOT_FOUND', 'PRECONDITION_FAILED'],
  },
  'get /v1/functions/:id/secrets': { summary: 'Names of secrets', answers: [{ status: 200, schema: 'SecretList' }], errors: missing },
  'get /v1/functions/:id/secrets/:secret': {
    summary: 'When a secret was set; never its value',
    answers: [{ status: 200, schema: 'SecretView' }],
    errors: [...missing, 'SECRET_NOT_FOUND'],
  },
  'put /v1/functions/:id/secrets/:secret': {
    summary: 'Set a secret: a variable whose value nobody reads again',
    body: { [JSON_TYPE]: 'PutSecretRequest' },
    answers: [{ status: 200, schema: 'SecretView' }],
    errors: [...missing, 'RESERVED_ENV'],
  },
  'delete /v1/functions/:id/secrets/:secret': {
    summary: 'Delete a secret',
    answers: [gone],
    errors: [...missing, 'SECRET_NOT_FOUND'],
  },
  'get /v1/functions/:id/provisioned-concurrency': {
    summary: 'What is kept warm',
    query: ['Qualifier', 'List'],
    answers: [{ status: 200, schema: 'ProvisionedConcurrency' }],
    errors: [...missing, 'PROVISIONED_NOT_FOUND'],
  },
  'put /v1/functions/:id/provisioned-concurrency': {
    summary: 'Keep executions warm',
    query: ['Qualifier'],
    body: { [JSON_TYPE]: 'PutProvisionedConcurrencyRequest' },
    answers: [{ status: 202, schema: 'ProvisionedConcurrency' }],
    errors: missing,
  },
  'delete /v1/functions/:id/provisioned-concurrency': {
    summary: 'Keep nothing warm',
    query: ['Qualifier'],
    answers: [gone],
    errors: [...missing, 'PROVISIONED_NOT_FOUND'],
  },
  'get /v1/functions/:id/logs': {
    summary: 'What calls printed, a JSON object on each line; with follow=true as it comes',
    query: ['since', 'tail', 'follow'],
    answers: [{ status: 200, type: 'application/x-ndjson' }],
    errors: missing,
  },
  'get /v1/layers': {
    summary: 'Layers of the account with their newest version',
    query: ['marker', 'maxItems'],
    answers: [{ status: 200, schema: 'LayerList' }],
  },
  'get /v1/layers/:layer/versions': { summary: 'Versions of a layer', answers: [{ status: 200, schema: 'LayerVersionList' }] },
  'post /v1/layers/:layer/versions': {
    summary: 'Publish a version of a layer, from a zip or JSON with a zip in base64',
    query: ['Description', 'CompatibleRuntimes'],
    body: { [JSON_TYPE]: 'PublishLayerRequest', 'application/zip': true },
    answers: [{ status: 201, schema: 'LayerVersionView' }],
    errors: ['INVALID_NAME', ...badCode],
  },
  'get /v1/layers/:layer/versions/:version': {
    summary: 'A version of a layer',
    answers: [{ status: 200, schema: 'LayerVersionView' }],
    errors: ['LAYER_NOT_FOUND'],
  },
  'delete /v1/layers/:layer/versions/:version': {
    summary: 'Delete a version of a layer; functions that have it keep it',
    answers: [gone],
    errors: ['LAYER_NOT_FOUND'],
  },
};

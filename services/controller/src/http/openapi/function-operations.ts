import { SETTING_PARAMETERS } from '../function-forms';
import { type Answer, type Operations, ok } from './operation';

const JSON_TYPE = 'application/json';
const configuration = ok('FunctionConfiguration');
const created: Answer = { status: 201, schema: 'FunctionConfiguration' };
const tagged = ok('Tags');
const gone: Answer = { status: 204 };
const sources = {
  'application/zip': 'a package',
  'text/javascript': 'one source file for Node.js',
  'text/typescript': 'the same, compiled when it is deployed',
  'text/x-python': 'one source file for Python',
  'text/x-shellscript': 'a bootstrap for the runtime provided',
} as const;
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

/** Functions and what belongs to them, calls, layers. */
export const functionOperations = (): Operations => ({
  'get /v1/functions': {
    summary: 'Functions of the account, in order of their names',
    query: ['marker', 'maxItems', 'tag'],
    answers: [ok('FunctionList')],
  },
  'post /v1/functions/:id': {
    summary: 'Make a function, from a zip, one source file, or JSON with a zip in base64; settings are in the query unless it is JSON',
    query: SETTING_PARAMETERS,
    body: { [JSON_TYPE]: 'CreateFunctionRequest', ...sources },
    answers: [created],
    errors: ['INVALID_NAME', 'CONFLICT', 'RESERVED_ENV', 'EGRESS_FORBIDDEN', 'LAYER_NOT_FOUND', ...badCode],
  },
  'get /v1/functions/:id': {
    summary: 'A function, or one of its versions',
    query: ['Qualifier'],
    answers: [ok('FunctionView')],
    errors: missing,
  },
  'delete /v1/functions/:id': {
    summary: 'Delete a function, or one of its versions; running calls finish',
    headers: ['If-Match'],
    query: ['Qualifier', 'cascade'],
    answers: [gone],
    errors: [...missing, 'TRIGGERS_EXIST', 'CONFLICT', 'PRECONDITION_FAILED'],
  },
  'put /v1/functions/:id/code': {
    summary: 'Replace the code of a function; running calls finish with the old',
    headers: ['If-Match'],
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
    headers: ['If-Match'],
    body: { [JSON_TYPE]: 'UpdateConfigurationRequest' },
    answers: [configuration],
    errors: [...missing, 'PRECONDITION_FAILED', 'RESERVED_ENV', 'EGRESS_FORBIDDEN', 'LAYER_NOT_FOUND'],
  },
  'get /v1/functions/:id/concurrency': {
    summary: 'How many executions are reserved',
    answers: [ok('FunctionConcurrency')],
    errors: missing,
  },
  'put /v1/functions/:id/concurrency': {
    summary: 'Reserve executions, which is also the most that run at once',
    body: { [JSON_TYPE]: 'FunctionConcurrencyRequest' },
    answers: [ok('FunctionConcurrency')],
    errors: missing,
  },
  'delete /v1/functions/:id/concurrency': { summary: 'Reserve no executions', answers: [gone], errors: missing },
  'post /v1/functions/:id/invocations': {
    summary: 'Call a function; X-Easyfaas-Invoke-Type: event queues the call, dryrun only looks whether it could be made',
    query: ['Qualifier'],
    headers: [
      'X-Easyfaas-Invoke-Type',
      'X-Easyfaas-Log-Type',
      'X-Easyfaas-Response-Mode',
      'X-Easyfaas-Client-Context',
      'X-Easyfaas-Request-Id',
      'Idempotency-Key',
      'traceparent',
    ],
    body: { [JSON_TYPE]: 'the event, any JSON', '*/*': 'the event as bytes' },
    isBodyOptional: true,
    answers: [
      {
        status: 200,
        type: '*/*',
        says: 'What the function answered, or, with X-Easyfaas-Function-Error, what became of it: errorType, errorMessage and its stack.',
        headers: [
          'X-Easyfaas-Request-Id',
          'X-Easyfaas-Function-Error',
          'X-Easyfaas-Function-Exectime',
          'X-Easyfaas-Executed-Version',
          'X-Easyfaas-Container',
          'X-Easyfaas-Start',
          'X-Easyfaas-Log-Result',
          'Server-Timing',
        ],
      },
      { status: 202, schema: 'Accepted', headers: ['Location', 'X-Easyfaas-Request-Id'] },
      { status: 204, says: 'It could be called (dryrun).' },
    ],
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
  'get /v1/functions/:id/tags': { summary: 'Tags of a function', answers: [tagged], errors: missing },
  'put /v1/functions/:id/tags': {
    summary: 'Replace all tags of a function',
    headers: ['If-Match'],
    body: { [JSON_TYPE]: 'TagsRequest' },
    answers: [tagged],
    errors: [...missing, 'PRECONDITION_FAILED'],
  },
  'post /v1/functions/:id/tags': {
    summary: 'Add tags to a function',
    headers: ['If-Match'],
    body: { [JSON_TYPE]: 'TagsRequest' },
    answers: [tagged],
    errors: [...missing, 'PRECONDITION_FAILED'],
  },
  'delete /v1/functions/:id/tags': {
    summary: 'Take tags of a function away',
    headers: ['If-Match'],
    query: ['keys'],
    answers: [gone],
    errors: [...missing, 'PRECONDITION_FAILED'],
  },
  'get /v1/functions/:id/versions': {
    summary: 'Published versions, oldest first',
    query: ['marker', 'maxItems'],
    answers: [ok('VersionList')],
    errors: missing,
  },
  'post /v1/functions/:id/versions': {
    summary: 'Publish what the function is now; it never changes',
    body: { [JSON_TYPE]: 'PublishVersionRequest' },
    isBodyOptional: true,
    answers: [created],
    errors: [...missing, 'PRECONDITION_FAILED'],
  },
  'get /v1/functions/:id/aliases': { summary: 'Aliases of a function', answers: [ok('AliasList')], errors: missing },
  'post /v1/functions/:id/aliases': {
    summary: 'Make a name that points at a version, or at two with weights',
    body: { [JSON_TYPE]: 'CreateAliasRequest' },
    answers: [{ status: 201, schema: 'AliasConfiguration' }],
    errors: [...missing, 'CONFLICT'],
  },
  'get /v1/functions/:id/aliases/:alias': {
    summary: 'An alias and where it points',
    answers: [ok('AliasConfiguration')],
    errors: [...missing, 'ALIAS_NOT_FOUND'],
  },
  'put /v1/functions/:id/aliases/:alias': {
    summary: 'Point an alias somewhere else, or shift its weights',
    headers: ['If-Match'],
    body: { [JSON_TYPE]: 'UpdateAliasRequest' },
    answers: [ok('AliasConfiguration')],
    errors: [...missing, 'ALIAS_NOT_FOUND', 'PRECONDITION_FAILED'],
  },
  'delete /v1/functions/:id/aliases/:alias': {
    summary: 'Delete an alias',
    headers: ['If-Match'],
    answers: [gone],
    errors: [...missing, 'ALIAS_NOT_FOUND', 'PRECONDITION_FAILED'],
  },
  'get /v1/functions/:id/secrets': { summary: 'Names of the secrets of a function', answers: [ok('SecretList')], errors: missing },
  'get /v1/functions/:id/secrets/:secret': {
    summary: 'When a secret was set; never its value',
    answers: [ok('SecretView')],
    errors: [...missing, 'SECRET_NOT_FOUND'],
  },
  'put /v1/functions/:id/secrets/:secret': {
    summary: 'Set a secret: a variable whose value nobody reads again',
    body: { [JSON_TYPE]: 'PutSecretRequest' },
    answers: [ok('SecretView')],
    errors: [...missing, 'RESERVED_ENV'],
  },
  'delete /v1/functions/:id/secrets/:secret': {
    summary: 'Delete a secret',
    answers: [gone],
    errors: [...missing, 'SECRET_NOT_FOUND'],
  },
  'get /v1/functions/:id/provisioned-concurrency': {
    summary: 'What is kept warm of a function',
    query: ['Qualifier', 'List'],
    answers: [ok('ProvisionedConcurrencyView')],
    errors: [...missing, 'PROVISIONED_NOT_FOUND'],
  },
  'put /v1/functions/:id/provisioned-concurrency': {
    summary: 'Keep containers for so many executions warm',
    query: ['Qualifier'],
    body: { [JSON_TYPE]: 'PutProvisionedConcurrencyRequest' },
    answers: [{ status: 202, schema: 'ProvisionedConcurrency' }],
    errors: missing,
  },
  'delete /v1/functions/:id/provisioned-concurrency': {
    summary: 'Keep nothing warm any more',
    query: ['Qualifier'],
    answers: [gone],
    errors: [...missing, 'PROVISIONED_NOT_FOUND'],
  },
  'get /v1/functions/:id/logs': {
    summary: 'What calls printed, a JSON object on each line; with follow=true as it comes',
    query: ['since', 'tail', 'follow'],
    answers: [{ status: 200, type: 'application/x-ndjson', says: 'A JSON object on each line, one for each line of output.' }],
    errors: missing,
  },
  'get /v1/layers': {
    summary: 'Layers of the account with their newest version',
    query: ['marker', 'maxItems'],
    answers: [ok('LayerList')],
  },
  'get /v1/layers/:layer/versions': { summary: 'Versions of a layer', answers: [ok('LayerVersionList')] },
  'post /v1/layers/:layer/versions': {
    summary: 'Publish a version of a layer, from a zip or JSON with a zip in base64',
    query: ['Description', 'CompatibleRuntimes'],
    body: { [JSON_TYPE]: 'PublishLayerRequest', 'application/zip': 'the layer' },
    answers: [{ status: 201, schema: 'LayerVersionView' }],
    errors: ['INVALID_NAME', ...badCode],
  },
  'get /v1/layers/:layer/versions/:version': {
    summary: 'A version of a layer',
    answers: [ok('LayerVersionView')],
    errors: ['LAYER_NOT_FOUND'],
  },
  'delete /v1/layers/:layer/versions/:version': {
    summary: 'Delete a version of a layer; functions that have it keep it',
    answers: [gone],
    errors: ['LAYER_NOT_FOUND'],
  },
});

/**
 * The closed catalogue of errors. A function's own failure is a result and none of these, but for those with the fault `function`:
 * an HTTP trigger has to give them a status.
 * docs/errors.md is tested against this table in both directions.
 */

export interface ErrorDefinition {
  status: number;
  /** The same request may succeed later without a change. */
  retryable: boolean;
  /** Who has to act. */
  fault: 'caller' | 'platform' | 'function';
  /** What happened and the way out; one sentence for docs/errors.md. */
  meaning: string;
}

const caller = (status: number, meaning: string, retryable = false): ErrorDefinition => ({ status, retryable, fault: 'caller', meaning });
const platform = (status: number, meaning: string, retryable = true): ErrorDefinition => ({
  status,
  retryable,
  fault: 'platform',
  meaning,
});

/** Only where a web request stands for a call and has to see an HTTP status: elsewhere a function's failure is a result. */
const ofFunction = (status: number, meaning: string): ErrorDefinition => ({ status, retryable: false, fault: 'function', meaning });

export const ERRORS = {
  BAD_REQUEST: caller(400, 'The HTTP request itself is malformed; the text names the part.'),
  VALIDATION_FAILED: caller(400, 'A field has a wrong type or value; the text names the field and what is allowed.'),
  INVALID_JSON: caller(400, 'The body is not valid UTF-8 JSON, or empty where an object is needed.'),
  INVALID_NAME: caller(400, 'The function name does not match ^[A-Za-z0-9_-]{1,64}$.'),
  FORBIDDEN_KEY: caller(400, 'The body has a key `__proto__`, `constructor` or `prototype`.'),
  RESERVED_ENV: caller(400, 'An environment variable is reserved for the platform or read only at process start; use another name.'),
  INVALID_PACKAGE: caller(400, 'The zip is damaged, empty, or has a forbidden name; the text names the entry.'),
  INVALID_SOURCE: caller(400, 'The TypeScript source cannot be compiled; the text names line and column, counted from 1.'),
  PACKAGE_LINK: caller(400, 'The zip contains a link, device, FIFO or socket; only regular files and folders are accepted.'),
  URL_NOT_ALLOWED: caller(
    400,
    'The URL is not one that the platform may call; the text says why, an operator can allow the host (EASYFAAS_URL_ALLOW).',
  ),
  CHECKSUM_MISMATCH: caller(400, 'The package does not have the SHA-256 that was announced; upload it again.'),
  UNAUTHORIZED: caller(401, 'No key, or a key that is not known. Send `Authorization: Bearer <key>`.'),
  FORBIDDEN: caller(403, 'The key is valid but not allowed to do this, or the Origin is not allow-listed.'),
  EGRESS_FORBIDDEN: caller(403, 'The operator allows functions no network (EASYFAAS_EGRESS=off); use NetworkMode `none`.'),
  FUNCTION_NOT_FOUND: caller(404, 'No function or version of that name in this account.'),
  ALIAS_NOT_FOUND: caller(404, 'The function has no alias of that name; GET /v1/functions/{name}/aliases lists them.'),
  SECRET_NOT_FOUND: caller(404, 'The function has no secret of that name; GET /v1/functions/{name}/secrets lists them.'),
  LAYER_NOT_FOUND: caller(404, 'No layer or layer version of that name in this account; GET /v1/layers lists them.'),
  RECORD_NOT_FOUND: caller(404, 'No record of that invocation is kept.'),
  DEAD_LETTER_NOT_FOUND: caller(404, 'The function has no dead letter of that id; it may have been redriven or purged.'),
  CONTAINER_NOT_FOUND: caller(404, 'No container of that id; it may have been reset.'),
  PROVISIONED_NOT_FOUND: caller(404, 'Nothing of that function and qualifier is kept warm; PUT sets a number.'),
  KEY_NOT_FOUND: caller(404, 'No key has that id; GET /v1/keys lists them.'),
  TRIGGER_NOT_FOUND: caller(404, 'No trigger of that id in this account.'),
  ROUTE_NOT_FOUND: caller(404, 'No such path in this API.'),
  METHOD_NOT_ALLOWED: caller(405, 'The path exists, the method does not; `Allow` lists the ones that do.'),
  REQUEST_TIMEOUT: caller(408, 'The request did not arrive completely in time.', true),
  CONFLICT: caller(409, 'A function of that name exists already.'),
  PAYLOAD_NOT_KEPT: caller(
    409,
    'The payload of the synchronous call was not kept, so it cannot be replayed; the text says how later ones are.',
  ),
  INVOCATION_ENDED: caller(409, 'The invocation has ended, or is one that this cannot be done with; the text says which.'),
  IDEMPOTENCY_IN_FLIGHT: caller(409, 'A call with this Idempotency-Key is still running; ask again when it has ended.', true),
  NOT_READY: caller(409, 'The function is still being deployed; ask again when its State is Active.', true),
  DEPLOY_FAILED: caller(
    409,
    'The function is Failed: its code cannot be unpacked. The text says why; mend that, then upload the code again.',
  ),
  ILLEGAL_TRANSITION: caller(409, 'The container is not in a state that allows this operation.'),
  MEMORY_BUSY: caller(409, 'The container uses too much memory for the wanted limit; the text has the figures.', true),
  TRIGGERS_EXIST: caller(409, 'The function has triggers; delete them first, or say ?cascade=true to delete them with it.'),
  PRECONDITION_FAILED: caller(412, 'The function was changed since it was read: read it again and repeat the update.'),
  PAYLOAD_TOO_LARGE: caller(413, 'The body is over the limit that the text names.'),
  PACKAGE_TOO_LARGE: caller(413, 'The package is over a size limit; the text names the limit.'),
  PACKAGE_TOO_MANY_FILES: caller(413, 'The package has too many files; the text names the limit.'),
  UNSUPPORTED_MEDIA_TYPE: caller(415, 'The Content-Type or Content-Encoding is not one that this path takes.'),
  EXPECTATION_FAILED: caller(417, 'Only `Expect: 100-continue` is understood.'),
  MISDIRECTED: caller(421, 'The Host header is not one this server answers to; add it to EASYFAAS_ALLOWED_HOSTS.'),
  IDEMPOTENCY_MISMATCH: caller(422, 'The Idempotency-Key (or request id) was used with another body before; use a new one.'),
  THROTTLED: caller(429, 'A limit is reached; `Reason` says which and `Retry-After` when to try again.', true),
  HEADERS_TOO_LARGE: caller(431, 'More than 100 headers, or more than 16 KiB of them.'),
  INTERNAL: platform(500, 'A bug or an unexpected failure of the platform; the log has the request id.'),
  SECRET_UNREADABLE: platform(500, 'A stored secret was sealed with another key; the text says which file is needed.', false),
  CODE_CORRUPT: platform(500, 'The unpacked code on disk no longer matches its package; the cache entry was discarded, call again.'),
  PACKAGE_MISSING: platform(500, "The function's package is not in the package store any more; upload its code again.", false),
  NOT_SUPPORTED: platform(501, 'Part of the API that this version does not have.', false),
  FUNCTION_FAILED: ofFunction(
    502,
    'HTTP triggers and OpenFaaS paths: the function threw or could not be loaded; the record of the call has the details.',
  ),
  FUNCTION_CRASHED: ofFunction(502, "HTTP triggers and OpenFaaS paths: the function's process ended under the call."),
  FUNCTION_OOM: ofFunction(502, 'HTTP triggers and OpenFaaS paths: the function ran out of memory; raise its MemorySize.'),
  INVALID_RESPONSE: ofFunction(502, 'HTTP triggers and OpenFaaS paths: the result is no valid HTTP answer; the text names the member.'),
  RESPONSE_TOO_LARGE: ofFunction(502, 'HTTP triggers and OpenFaaS paths: the result is over the size limit.'),
  REGISTRY_INVALID: platform(
    502,
    'The function registry (EASYFAAS_REGISTRY_URL) answered something that cannot be used; the text names the member. Its operator has to mend it.',
    false,
  ),
  REGISTRY_UNAVAILABLE: platform(503, 'The function registry (EASYFAAS_REGISTRY_URL) does not answer; functions seen lately go on.'),
  STORE_UNAVAILABLE: platform(503, 'Redis does not answer; nothing was changed.'),
  FUNCLET_UNAVAILABLE: platform(503, 'The funclet does not answer; warm functions go on, new containers wait.'),
  RUNTIME_UNAVAILABLE: platform(503, 'No container could be made ready in time; the text has the cause.'),
  CIRCUIT_OPEN: platform(503, 'The function could not be started several times in a row; it is tried again after `Retry-After`.'),
  RUNTIME_LOST: platform(503, 'The container was lost during the call; the function may have run. Repeat if it is safe to.'),
  ENGINE_UNAVAILABLE: platform(503, 'Docker Engine does not answer or refused; the text has its words.'),
  EGRESS_UNAVAILABLE: platform(
    503,
    'The rules that keep functions with egress off the host and private networks are not in force; the text has the cause. Functions without a network go on.',
  ),
  CAPACITY_EXCEEDED: platform(503, 'The node has no memory left for another container; the text has the figures.'),
  SHUTTING_DOWN: platform(503, 'The service is stopping and takes no new work.'),
  SOURCE_UNAVAILABLE: platform(503, 'The broker of a trigger cannot be used; the text has its words.'),
  TRIGGER_PAUSED: platform(503, 'The trigger that serves this path is paused; whoever owns it can resume it.'),
  FUNCTION_TIMEOUT: ofFunction(504, 'HTTP triggers and OpenFaaS paths: the function did not answer within its Timeout.'),
  QUEUE_UNAVAILABLE: platform(503, 'Redis did not acknowledge the event; it may still run. Repeat it with the same Idempotency-Key.'),
  QUEUE_FULL: platform(503, 'The function has too many events waiting, or Redis has no memory left; nothing was accepted.'),
  DEADLINE_EXCEEDED: platform(504, 'An operation of the platform did not end within its deadline.'),
  RECURSION_LIMIT: ofFunction(508, 'Invocations led to invocations 16 deep, the limit: the function probably calls itself.'),
  DISK_FULL: platform(507, 'Too little free disk space for an upload; free some or enlarge the disk.'),
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;

/** The body of every platform error, on every HTTP surface of ours. */
export interface ErrorEnvelope {
  error: {
    code: ErrorCode;
    message: string;
    retryable: boolean;
    requestId: string;
    details?: Record<string, unknown>;
  };
}

/**
 * `errorType` of a function's failure, where the platform and not the user's code names it. Spelled as AWS Lambda does
 * where Lambda has the case.
 */
export const FUNCTION_ERRORS = {
  timedOut: 'Sandbox.Timedout',
  exited: 'Runtime.ExitError',
  outOfMemory: 'Runtime.OutOfMemory',
  responseTooLarge: 'Function.ResponseSizeTooLarge',
  marshal: 'Runtime.MarshalError',
  importModule: 'Runtime.ImportModuleError',
  handlerNotFound: 'Runtime.HandlerNotFound',
  userCodeSyntax: 'Runtime.UserCodeSyntaxError',
  unmarshal: 'Runtime.UnmarshalError',
  protocol: 'Runtime.ProtocolViolation',
} as const;

const text = { type: 'string' };
const flag = { type: 'string', enum: ['true', 'false'] };
const page = { type: 'integer', minimum: 1, maximum: 100, default: 50 };
const number = { type: 'integer' };

interface Parameter {
  schema: Record<string, unknown>;
  description: string;
}

const of = (schema: Record<string, unknown>, description: string): Parameter => ({ schema, description });
const TIME = 'ISO 8601 with its zone, or milliseconds since the epoch';

const queryParameters = () =>
  ({
    Qualifier: of(text, '$LATEST, the number of a version, or an alias.'),
    marker: of(text, 'Where the page begins: the NextMarker (nextMarker) of the page before.'),
    maxItems: of(page, 'So many at most.'),
    limit: of(page, 'So many at most.'),
    cascade: of(flag, 'Its triggers, too.'),
    Publish: of(flag, 'Publish a version at once.'),
    List: of({ type: 'string', enum: ['ALL'] }, 'Of all versions and aliases.'),
    tag: of(text, 'Only those with this tag: key, or key=value.'),
    keys: of(text, 'Keys of tags, with commas between.'),
    Runtime: of(text, 'A name of /v1/runtimes.'),
    Handler: of(text, 'File and function, such as index.handler.'),
    Timeout: of(number, 'Seconds.'),
    MemorySize: of(number, 'MB.'),
    PodConcurrentQuota: of(number, 'Calls at once in one container.'),
    NetworkMode: of({ type: 'string', enum: ['none', 'egress'] }, 'Whether the function reaches the internet.'),
    EphemeralStorage: of(number, 'Size of /tmp, MB.'),
    KeepPayloads: of(flag, 'Keep payloads of synchronous calls for replays.'),
    Description: of(text, 'Words for people.'),
    CompatibleRuntimes: of(text, 'Names of runtimes, with commas between.'),
    since: of(text, `Not before this time: ${TIME}.`),
    until: of(text, `Not after this time: ${TIME}.`),
    tail: of({ type: 'integer', minimum: 0, maximum: 100, default: 10 }, 'So many calls back.'),
    follow: of(flag, 'Go on with what comes.'),
    function: of(text, 'The name of a function; of all when absent.'),
    status: of(text, 'Only those with this status.'),
    kind: of({ type: 'string', enum: ['event', 'delivery'] }, 'Events that failed (default), or deliveries to destinations.'),
    condition: of(text, 'Only those that ended for this reason.'),
    errorType: of(text, 'Only those with this error.'),
    all: of(flag, 'All of them, where nothing else says which.'),
    force: of(flag, 'Also what was redriven before, or has succeeded.'),
    watch: of(text, 'Changes as server-sent events, when it is there.'),
    Account: of(text, 'Whose function; of the account of the key when absent.'),
  }) as const satisfies Record<string, Parameter>;

const headers = () =>
  ({
    'If-Match': of(text, 'The RevisionId that must be the current one, in quotes; else 412.'),
    'If-None-Match': of(text, 'The ETag of an earlier answer.'),
    'Idempotency-Key': of(
      { type: 'string', minLength: 1, maxLength: 256 },
      'Repeating the call with the same key gives the first answer again.',
    ),
    Location: of(text, 'Where to ask for it.'),
    'Server-Timing': of(text, 'Milliseconds of each stage.'),
    traceparent: of(text, 'W3C Trace Context; reaches the function, and with the answer whoever called.'),
    tracestate: of(text, 'W3C Trace Context; reaches the function.'),
    'X-Easyfaas-Account-Id': of(text, 'Whose function; of the account of the key when absent.'),
    'X-Easyfaas-Client-Context': of(text, 'JSON in base64, as on AWS Lambda; reaches the function.'),
    'X-Easyfaas-Container': of(text, 'That ran the call.'),
    'X-Easyfaas-Executed-Version': of(text, 'That ran.'),
    'X-Easyfaas-Function-Error': of(text, 'There only when the function failed: Unhandled.'),
    'X-Easyfaas-Function-Exectime': of({ type: 'number' }, 'Milliseconds that the function ran.'),
    'X-Easyfaas-Invoke-Type': of(
      { type: 'string', enum: ['common', 'event', 'dryrun'], default: 'common' },
      'Answer, queue, or only look.',
    ),
    'X-Easyfaas-Log-Result': of(text, 'The last 4 KiB of what it printed, in base64, where they were asked for.'),
    'X-Easyfaas-Log-Type': of({ type: 'string', enum: ['Tail', 'None'] }, 'Tail: with X-Easyfaas-Log-Result.'),
    'X-Easyfaas-Request-Id': of({ type: 'string', pattern: '^[A-Za-z0-9-]{8,64}$' }, 'Of the call; made when absent.'),
    'X-Easyfaas-Response-Mode': of({ type: 'string', enum: ['buffered', 'stream'] }, 'stream: the answer as the function sends it.'),
    'X-Easyfaas-Start': of({ type: 'string', enum: ['warm', 'cold'] }, 'Whether its container waited for it.'),
  }) as const satisfies Record<string, Parameter>;

const pathParameters = () =>
  ({
    id: 'Name of a function, name:qualifier, or its BRN.',
    alias: 'Name of an alias.',
    secret: 'Name of the variable.',
    requestId: 'Of the call or event.',
    triggerId: 'Of the trigger.',
    layer: 'Name of a layer.',
    version: 'Number of a version.',
    containerId: '12 hexadecimal digits.',
    keyId: 'The 8 characters behind easyfaas_.',
    runtime: 'Name of a runtime.',
  }) as const satisfies Record<string, string>;

export type ParameterName = keyof ReturnType<typeof queryParameters>;
export type HeaderName = keyof ReturnType<typeof headers>;

/** Parameters of a route as OpenAPI has them. @throws Error for one in the path that nobody has described */
export function parametersOf(path: string, query: readonly ParameterName[], sent: readonly HeaderName[]): Record<string, unknown>[] {
  const inPath: Record<string, string> = pathParameters();
  const inQuery = queryParameters();
  const inHeaders = headers();
  return [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name = '']) => {
      const description = inPath[name];
      if (description === undefined) throw new Error(`The parameter ${name} of ${path} is not described in parameters.ts.`);
      return { name, in: 'path', required: true, description, schema: text };
    }),
    ...query.map((name) => ({ name, in: 'query', ...inQuery[name] })),
    ...sent.map((name) => ({ name, in: 'header', ...inHeaders[name] })),
  ];
}

/** Headers of an answer as OpenAPI has them. */
export function answerHeaders(names: readonly HeaderName[]): Record<string, unknown> {
  const known = headers();
  return Object.fromEntries(names.map((name) => [name, known[name]]));
}

import { jsonSchemaOf } from '@easyfaas/contracts/schemas';
import { ERRORS, type ErrorCode } from '@easyfaas/contracts/wire';
import { ACTIONS } from '../../auth/authorize';
import { ROUTE_POLICIES, type RoutePolicy } from '../route-policy';
import { EVENT_OPERATIONS } from './event-operations';
import { FUNCTION_OPERATIONS } from './function-operations';
import { INSTANCE_OPERATIONS } from './instance-operations';
import { type Answer, type Operation, type Operations, PARAMETERS } from './operation';
import { SCHEMAS, type SchemaName } from './schemas';

type Node = Record<string, unknown>;

export const OPERATIONS: Operations = { ...FUNCTION_OPERATIONS, ...EVENT_OPERATIONS, ...INSTANCE_OPERATIONS };

/** Dialects have documents of their own makers; what a function serves at its paths is the function's. */
export function isNative({ path, action }: Pick<RoutePolicy, 'path' | 'action'>): boolean {
  return action !== 'trigger' && (path.startsWith('/v1/') || ['/healthz', '/readyz', '/version', '/metrics'].includes(path));
}

const ANY: readonly ErrorCode[] = ['BAD_REQUEST', 'MISDIRECTED', 'HEADERS_TOO_LARGE', 'INTERNAL'];
const GUARDED: readonly ErrorCode[] = ['VALIDATION_FAILED', 'UNAUTHORIZED', 'FORBIDDEN', 'THROTTLED', 'STORE_UNAVAILABLE', 'SHUTTING_DOWN'];
const WITH_BODY: readonly ErrorCode[] = [
  'INVALID_JSON',
  'FORBIDDEN_KEY',
  'REQUEST_TIMEOUT',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'EXPECTATION_FAILED',
];

/** A route that nobody has put into words yet is told with what its policy says. */
const UNDESCRIBED: Operation = { summary: 'Not described', answers: [{ status: 200, type: 'application/json' }] };

/** The API in OpenAPI 3.1, from the table of routes and the schemas that requests are checked with. */
export function openapiDocument({ version }: { version: string }): Node {
  const paths: Record<string, Node> = {};
  for (const policy of ROUTE_POLICIES.filter(isNative)) {
    const operation = OPERATIONS[`${policy.method} ${policy.path}` as keyof Operations] ?? UNDESCRIBED;
    const path = openapiPath(policy.path);
    paths[path] = { ...paths[path], [policy.method]: operationNode(policy, operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'EasyFaaS',
      version,
      description:
        "The native API. The same functions are served at the paths of AWS Lambda and of OpenFaaS, for these clients' own descriptions.",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { header: [] }],
    tags: [...new Set(Object.keys(OPERATIONS).map((route) => tagOf(route.split(' ')[1] ?? '')))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A key, such as the one in admin.key.' },
        header: { type: 'apiKey', in: 'header', name: 'X-Easyfaas-Key', description: 'The same key.' },
      },
      schemas: {
        ...Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, jsonSchemaOf(schema)])),
        Error: ERROR_SCHEMA,
      },
    },
  };
}

function operationNode({ method, path, action }: RoutePolicy, operation: Operation): Node {
  const { summary, query = [], body, isBodyOptional } = operation;
  const isPublic = action === 'public';
  const parameters = [
    ...namesIn(path).map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...query.map((name) => ({ name, in: 'query', schema: PARAMETERS[name] })),
  ];
  return {
    operationId: operationId(method, path),
    summary,
    tags: [tagOf(path)],
    ...(isPublic ? { security: [] } : { 'x-easyfaas-action': action, 'x-easyfaas-scopes': scopesOf(action) }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: isBodyOptional !== true, content: bodyContent(body) } }),
    responses: {
      ...Object.fromEntries(operation.answers.map((answer) => [String(answer.status), answerNode(answer, path)])),
      ...errorNodes([...ANY, ...(isPublic ? [] : GUARDED), ...(body === undefined ? [] : WITH_BODY), ...(operation.errors ?? [])]),
    },
  };
}

/** Operators' actions need `admin` of the account `default`. */
function scopesOf(action: RoutePolicy['action']): readonly string[] {
  const scopes = ACTIONS[action as keyof typeof ACTIONS];
  return scopes === 'operator' ? ['admin'] : [...scopes, action];
}

function bodyContent(body: NonNullable<Operation['body']>): Node {
  return Object.fromEntries(Object.entries(body).map(([type, schema]) => [type, schema === true ? {} : { schema: reference(schema) }]));
}

function answerNode({ schema, type = 'application/json', status }: Answer, path: string): Node {
  const hasBody = schema !== undefined || status !== 204;
  return {
    description: STATUS_WORDS[status] ?? 'Done.',
    ...(hasBody ? { content: contentOf(type, schema, path) } : {}),
  };
}

function contentOf(type: string, schema: SchemaName | undefined, path: string): Node {
  const content = { [type]: schema === undefined ? {} : { schema: reference(schema) } };
  return path === '/v1/pool' ? { ...content, 'text/event-stream': {} } : content;
}

/** One answer for each status, which names the codes that it may have. */
function errorNodes(codes: readonly ErrorCode[]): Node {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) byStatus.set(ERRORS[code].status, [...(byStatus.get(ERRORS[code].status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      String(status),
      {
        description: those.map((code) => `${code}: ${ERRORS[code].meaning}`).join('\n\n'),
        content: { 'application/json': { schema: errorSchema(those) } },
      },
    ]),
  );
}

function errorSchema(codes: readonly ErrorCode[]): Node {
  return { allOf: [{ $ref: '#/components/schemas/Error' }, { properties: { error: { properties: { code: { enum: codes } } } } }] };
}

const ERROR_SCHEMA: Node = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'retryable', 'requestId'],
      properties: {
        code: { type: 'string', enum: Object.keys(ERRORS) },
        message: { type: 'string' },
        retryable: { type: 'boolean' },
        requestId: { type: 'string' },
        details: { type: 'object' },
      },
    },
  },
};

const STATUS_WORDS: Partial<Record<number, string>> = { 201: 'Made.', 202: 'Accepted.', 204: 'Done; there is no body.', 503: 'Not ready.' };

const reference = (name: SchemaName): Node => ({ $ref: `#/components/schemas/${name}` });

/** `/v1/functions/:id` is `/v1/functions/{id}`. */
export function openapiPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}

function namesIn(path: string): string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
}

function operationId(method: string, path: string): string {
  const words = path.replace('/v1/', '/').split(/[^A-Za-z0-9]+/);
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

/** The collection that a path is in; of what a function has, that. */
function tagOf(path: string): string {
  const [, first = '', second = '', , third] = path.split('/');
  if (first !== 'v1') return 'service';
  return second === 'functions' && third !== undefined ? third : second;
}

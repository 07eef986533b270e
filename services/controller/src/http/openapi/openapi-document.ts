import { ERRORS, type ErrorCode } from '@easyfaas/contracts/wire';
import { ACTIONS } from '../../auth/authorize';
import { ROUTE_POLICIES, type RoutePolicy } from '../route-policy';
import { eventOperations } from './event-operations';
import { functionOperations } from './function-operations';
import { instanceOperations } from './instance-operations';
import { type JsonSchema, ref } from './json-schema';
import type { Answer, Operation, Operations } from './operation';
import { answerHeaders, parametersOf } from './parameters';
import { documentSchemas } from './schemas';

type Node = Record<string, unknown>;

/** What is known of each native route. */
export const operations = (): Operations => ({ ...functionOperations(), ...eventOperations(), ...instanceOperations() });

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

/**
 * The API in OpenAPI 3.1, from the table of routes and the schemas that requests are checked with. All that it is made of is made with it
 * and goes with it: it is asked for seldom, and the controller's memory is wanted for calls.
 * @throws Error for a route that nobody has described
 */
export function openapiDocument({ version }: { version: string }): Node {
  const described: Partial<Record<string, Operation>> = operations();
  const schemas = documentSchemas();
  const paths: Record<string, Node> = {};
  for (const policy of ROUTE_POLICIES.filter(isNative)) {
    const operation = described[`${policy.method} ${policy.path}`];
    if (operation === undefined) throw new Error(`The route ${policy.method} ${policy.path} has no description in http/openapi.`);
    const path = openapiPath(policy.path);
    paths[path] = { ...paths[path], [policy.method]: operationNode(policy, operation, schemas) };
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
    tags: [...new Set(Object.keys(described).map((route) => tagOf(route.split(' ')[1] ?? '')))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A key, such as the one in admin.key.' },
        header: { type: 'apiKey', in: 'header', name: 'X-Easyfaas-Key', description: 'The same key.' },
      },
      schemas: { ...schemas, Error: errorEnvelope() },
    },
  };
}

function operationNode({ method, path, action }: RoutePolicy, operation: Operation, schemas: Record<string, JsonSchema>): Node {
  const { summary, query = [], headers = [], body, isBodyOptional } = operation;
  const isPublic = action === 'public';
  const parameters = parametersOf(path, query, headers);
  return {
    operationId: operationId(method, path),
    summary,
    tags: [tagOf(path)],
    ...(isPublic ? { security: [] } : { 'x-easyfaas-action': action, 'x-easyfaas-scopes': scopesOf(action) }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: isBodyOptional !== true, content: bodyContent(body, schemas) } }),
    responses: {
      ...errorNodes([...ANY, ...(isPublic ? [] : GUARDED), ...(body === undefined ? [] : WITH_BODY), ...(operation.errors ?? [])]),
      ...Object.fromEntries(operation.answers.map((answer) => [String(answer.status), answerNode(answer, schemas)])),
    },
  };
}

/** Operators' actions need `admin` of the account `default`. */
function scopesOf(action: RoutePolicy['action']): readonly string[] {
  const scopes = ACTIONS[action as keyof typeof ACTIONS];
  return scopes === 'operator' ? ['admin'] : [...scopes, action];
}

function bodyContent(body: NonNullable<Operation['body']>, schemas: Record<string, JsonSchema>): Node {
  return Object.fromEntries(
    Object.entries(body).map(([type, schema]) => [
      type,
      { schema: Object.hasOwn(schemas, schema) ? ref(schema) : { description: schema } },
    ]),
  );
}

function answerNode({ schema, type = 'application/json', says, events, headers }: Answer, schemas: Record<string, JsonSchema>): Node {
  const known = schema === undefined ? undefined : schemas[schema];
  if (schema !== undefined && known === undefined) throw new Error(`There is no schema ${schema}.`);
  const description = says ?? known?.['description'] ?? 'Done; there is no body.';
  const hasBody = schema !== undefined || type !== 'application/json';
  const content = { [type]: { schema: schema === undefined ? bytesOf(type, description) : ref(schema) } };
  const streamed = events === undefined ? {} : { 'text/event-stream': { schema: { type: 'string', description: events } } };
  return {
    description,
    ...(headers === undefined ? {} : { headers: answerHeaders(headers) }),
    ...(hasBody ? { content: { ...content, ...streamed } } : {}),
  };
}

const bytesOf = (type: string, description: unknown): JsonSchema =>
  type.startsWith('text/') || type.endsWith('ndjson') ? { type: 'string', description } : { description };

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

const errorEnvelope = (): Node => ({
  description: 'What every refusal and failure of the platform is answered with.',
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
});

/** `/v1/functions/:id` is `/v1/functions/{id}`. */
export function openapiPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
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

import { execFileSync } from 'node:child_process';
import { ERRORS } from '@easyfaas/contracts/wire';
import { ROUTE_POLICIES } from '../route-policy';
import { isNative, openapiDocument, openapiPath, operations as describedOperations } from './openapi-document';

interface Described {
  description?: string;
  schema?: { description?: string; allOf?: unknown[] };
}

interface Operation {
  operationId: string;
  summary: string;
  parameters?: Described[];
  security?: object[];
  requestBody?: { content: Record<string, Described> };
  responses: Record<string, { description: string; content?: Record<string, Described>; headers?: Record<string, Described> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

/** In a process of its own: the validator is an ES module, which the test runner does not load. */
const VALIDATE = `
import { Validator } from '@seriousme/openapi-schema-validator';
let text = '';
for await (const chunk of process.stdin) text += chunk;
const validator = new Validator();
const { valid, errors } = await validator.validate(JSON.parse(text));
console.log(JSON.stringify({ valid, version: validator.version, errors }));
`;

const TAKES_NO_BODY = [
  'post /v1/functions/{id}/dead-letters/{requestId}/redrive',
  'post /v1/triggers/{triggerId}/pause',
  'post /v1/triggers/{triggerId}/resume',
  'post /v1/pool/{containerId}/drain',
  'post /v1/pool/{containerId}/reborn',
];

describe('the OpenAPI document', () => {
  const document = openapiDocument({ version: '1.2.3' }) as unknown as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const native = ROUTE_POLICIES.filter(isNative);

  it('is valid OpenAPI 3.1', () => {
    const answer = execFileSync(process.execPath, ['--input-type=module', '-e', VALIDATE], {
      input: JSON.stringify(document),
      encoding: 'utf8',
    });
    expect(JSON.parse(answer)).toEqual({ valid: true, version: '3.1' });
  });

  it('has every native route of the policy table, and no other', () => {
    const routes = native.map(({ method, path }) => `${method} ${openapiPath(path)}`);
    expect(routes.length).toBeGreaterThan(60);
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(routes.sort());
    const known = native.map(({ method, path }) => `${method} ${path}`);
    expect(Object.keys(describedOperations()).filter((route) => !known.includes(route))).toEqual([]);
  });

  it('says of each route what it does, takes and answers', () => {
    const isEmpty = (schema: object | undefined): boolean => schema === undefined || Object.keys(schema).length === 0;
    const gaps = operations.flatMap(({ method, path, operation }) => {
      const { summary, parameters = [], requestBody, responses } = operation;
      const route = `${method} ${path}`;
      const answers = Object.entries(responses);
      return [
        ...(summary.split(' ').length < 2 || /not described/i.test(summary) ? [`${route} says nothing of itself`] : []),
        ...(/^(post|put|patch)$/.test(method) && requestBody === undefined && !TAKES_NO_BODY.includes(route)
          ? [`${route} has no body`]
          : []),
        ...parameters.filter(({ description = '' }) => description === '').map(() => `${route} has a parameter without words`),
        ...Object.entries(requestBody?.content ?? {})
          .filter(([, { schema }]) => isEmpty(schema))
          .map(([type]) => `${route} takes ${type} without a schema`),
        ...answers.filter(([, { description }]) => description.length < 8).map(([status]) => `${route} says nothing of ${status}`),
        ...answers
          .filter(([status, { content = {} }]) => {
            const schemas = Object.values(content).map(({ schema }) => schema);
            return !/^(204|304)$/.test(status) && (schemas.length === 0 || schemas.some(isEmpty));
          })
          .map(([status]) => `${route} has no schema for ${status}`),
        ...(answers.some(([status]) => status.startsWith('2')) ? [] : [`${route} never succeeds`]),
        ...(answers.some(([status]) => /^[45]/.test(status)) ? [] : [`${route} never fails`]),
      ];
    });
    expect(gaps).toEqual([]);
  });

  it('says which routes need no key', () => {
    const open = operations.filter(({ operation }) => operation.security?.length === 0).map(({ path }) => path);
    expect(open.sort()).toEqual(['/healthz', '/readyz', '/version']);
  });

  it('tells for each guarded route the errors that a key can have, and of each code its own status', () => {
    for (const { path, operation } of operations) {
      const answers = operation.responses;
      if (operation.security === undefined)
        expect([path, Object.keys(answers)]).toEqual([path, expect.arrayContaining(['401', '403', '429'])]);
      for (const [status, { content }] of Object.entries(answers)) {
        const [, narrowed] = content?.['application/json']?.schema?.allOf ?? [];
        const codes = (narrowed as { properties: { error: { properties: { code: { enum: (keyof typeof ERRORS)[] } } } } } | undefined)
          ?.properties.error.properties.code.enum;
        for (const code of codes ?? []) expect([path, code, ERRORS[code].status]).toEqual([path, code, Number(status)]);
      }
    }
  });

  it('describes what requests are checked with', () => {
    expect(document.components.schemas['CreateKeyRequest']).toMatchObject({
      type: 'object',
      properties: { Functions: { type: 'array', maxItems: 100 }, RateLimit: { required: ['Burst', 'RequestsPerSecond'] } },
    });
    expect(document.paths['/v1/keys']?.['post']?.requestBody?.content).toEqual({
      'application/json': { schema: { $ref: '#/components/schemas/CreateKeyRequest' } },
    });
  });

  it('names each operation once and has no schema that nothing refers to', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const known = Object.keys(document.components.schemas);
    const meant = new Set([...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name));
    expect([...meant].sort()).toEqual(known.sort());
  });
});

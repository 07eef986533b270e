import { execFileSync } from 'node:child_process';
import { ERRORS } from '@easyfaas/contracts/wire';
import { ROUTE_POLICIES } from '../route-policy';
import { OPERATIONS, isNative, openapiDocument, openapiPath } from './openapi-document';

interface Operation {
  operationId: string;
  security?: object[];
  requestBody?: { content: Record<string, object> };
  responses: Record<string, { description: string; content?: Record<string, { schema?: { allOf?: unknown[] } }> }>;
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
    expect(Object.keys(OPERATIONS).filter((route) => !known.includes(route))).toEqual([]);
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
    const text = JSON.stringify(document.paths);
    const unused = Object.keys(document.components.schemas).filter((name) => !text.includes(`#/components/schemas/${name}"`));
    expect(unused).toEqual([]);
  });
});

import { createRequire } from 'node:module';

interface Validate {
  (value: unknown): boolean;
  errors?: { instancePath: string; message?: string; params: unknown }[] | null;
}

interface JsonSchemas {
  addSchema(schema: object, key: string): void;
  getSchema(reference: string): Validate | undefined;
}

interface Operation {
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}

export interface OpenapiDocument {
  paths: Record<string, Record<string, Operation>>;
}

/** The checker of JSON Schema that the validator of OpenAPI documents brings along. */
const { Ajv2020 } = createRequire(require.resolve('@seriousme/openapi-schema-validator/package.json'))('ajv/dist/2020.js') as {
  Ajv2020: new (options: object) => JsonSchemas;
};

/** Compares answers with what an OpenAPI document says of them. */
export class DescribedAnswers {
  readonly #document: OpenapiDocument;
  readonly #schemas = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });

  constructor(document: OpenapiDocument) {
    this.#document = document;
    this.#schemas.addSchema(document, 'document');
  }

  /** Paths that can be read, such as `/v1/functions/{id}`, with JSON as their answer. */
  readable(): string[] {
    return Object.entries(this.#document.paths)
      .filter(([, methods]) => methods['get']?.responses['200']?.content?.['application/json'] !== undefined)
      .map(([path]) => path);
  }

  /** @returns what is not as it is described, in words; empty when all is */
  problems(path: string, answer: unknown, { method = 'get', status = 200 } = {}): string[] {
    const place = ['paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema'];
    const pointer = place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const validate = this.#schemas.getSchema(`document#/${pointer}`);
    if (validate === undefined) return [`${method} ${path} has no schema for ${status}`];
    if (validate(answer)) return [];
    return (validate.errors ?? []).map((error) => `${path}${error.instancePath}: ${error.message ?? ''} ${JSON.stringify(error.params)}`);
  }
}

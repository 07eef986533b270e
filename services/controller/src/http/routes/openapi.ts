import type { Mount } from '../mount-route';
import { openapiDocument } from '../openapi/openapi-document';
import { readQuery } from '../query';

/** `/v1/openapi.json`: the API described for programs. Made when it is asked for the first time. */
export function mountOpenapi(mount: Mount, { version }: { version: string }): void {
  let document: Buffer | undefined;
  mount('/v1/openapi.json', {
    get: (request, response) => {
      readQuery(request, []);
      document ??= Buffer.from(JSON.stringify(openapiDocument({ version })));
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      response.end(document);
    },
  });
}

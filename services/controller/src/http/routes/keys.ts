import { createKeyRequestSchema, rotateKeyRequestSchema } from '@easyfaas/contracts/schemas';
import type { KeyService } from '../../auth/key-service';
import { checked, readJson } from '../body';
import { pathParameter, type Mount } from '../mount-route';
import { readQuery } from '../query';
import { principalOf, requestContext } from '../request-context';

const KEY_REQUEST_BYTES = 16 * 1024;

/** `/v1/keys`: keys of all accounts; for administrators of the default account. */
export function mountKeys(mount: Mount, { keys }: { keys: KeyService }): void {
  mount('/v1/keys', {
    get: async (request, response) => {
      readQuery(request, []);
      response.json({ Keys: await keys.list() });
    },
    post: async (request, response) => {
      readQuery(request, []);
      const body = checked(createKeyRequestSchema, await readJson(request, KEY_REQUEST_BYTES));
      response.setHeader('Cache-Control', 'no-store');
      const created = await keys.create(body);
      requestContext(request).actedOn = `key:${created.KeyId}`;
      response.status(201).json(created);
    },
  });

  mount('/v1/keys/:keyId', {
    get: async (request, response) => {
      readQuery(request, []);
      response.json(await keys.read(pathParameter(request, 'keyId')));
    },
    delete: async (request, response) => {
      readQuery(request, []);
      await keys.revoke(pathParameter(request, 'keyId'), principalOf(request));
      response.status(204).end();
    },
  });

  mount('/v1/keys/:keyId/rotate', {
    post: async (request, response) => {
      readQuery(request, []);
      const hasBody = request.headers['content-length'] !== '0' && request.headers['content-type'] !== undefined;
      const body = hasBody ? checked(rotateKeyRequestSchema, await readJson(request, KEY_REQUEST_BYTES)) : {};
      response.setHeader('Cache-Control', 'no-store');
      response.json(await keys.rotate(pathParameter(request, 'keyId'), body));
    },
  });
}

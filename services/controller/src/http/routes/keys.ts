import { createKeyRequestSchema } from '@easyfaas/contracts/schemas';
import type { KeyService } from '../../auth/key-service';
import { checked, readJson } from '../body';
import { pathParameter, type Mount } from '../mount-route';
import { readQuery } from '../query';
import { principalOf } from '../request-context';

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
      response.status(201).json(await keys.create(body));
    },
  });

  mount('/v1/keys/:keyId', {
    delete: async (request, response) => {
      readQuery(request, []);
      await keys.revoke(pathParameter(request, 'keyId'), principalOf(request));
      response.status(204).end();
    },
  });
}

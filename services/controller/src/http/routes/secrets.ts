import type { Request } from 'express';
import { putSecretRequestSchema } from '@easyfaas/contracts/schemas';
import type { FunctionService } from '../../functions/function-service';
import { checked, readJson } from '../body';
import { unqualifiedTarget, type FunctionTarget } from '../function-target';
import { pathParameter, type Mount } from '../mount-route';
import { readQuery } from '../query';

const BODY_BYTES = 512 * 1024;

/** `/v1/functions/{id}/secrets`: values go in and never come out. */
export function mountSecrets(mount: Mount, { functions }: { functions: FunctionService }): void {
  const target = (request: Request): FunctionTarget => {
    readQuery(request, []);
    return unqualifiedTarget(request, functions.region);
  };
  const nameOf = (request: Request): string => pathParameter(request, 'secret');

  mount('/v1/functions/:id/secrets', {
    get: async (request, response) => {
      response.json({ Secrets: await functions.secrets.list(target(request)) });
    },
  });

  mount('/v1/functions/:id/secrets/:secret', {
    get: async (request, response) => {
      response.json(await functions.secrets.read(target(request), nameOf(request)));
    },
    put: async (request, response) => {
      const key = target(request);
      const { Value } = checked(putSecretRequestSchema, await readJson(request, BODY_BYTES));
      response.json(await functions.secrets.put(key, nameOf(request), Value));
    },
    delete: async (request, response) => {
      await functions.secrets.delete(target(request), nameOf(request));
      response.status(204).end();
    },
  });
}

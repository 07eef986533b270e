import type { Request } from 'express';
import { isPoolResizeRequest, poolResizeRequestSchema } from '@easyfaas/contracts/schemas';
import { ServiceError } from '@easyfaas/service-kit';
import { checked, readJson } from '../body';
import { pathParameter, type Mount } from '../mount-route';
import type { PoolContainer, PoolReader } from '../pool-reader';
import { streamPool } from '../pool-watch';
import { readQuery } from '../query';
import { principalOf, requestContext } from '../request-context';

/** `/v1/pool`: the containers of this pod, of all accounts; for operators. */
export function mountPool(mount: Mount, { pool, isStopping = () => false }: { pool: PoolReader; isStopping?: () => boolean }): void {
  mount('/v1/resource', {
    get: (request, response) => {
      readQuery(request, []);
      response.json(pool.resource());
    },
  });

  mount('/v1/pool', {
    get: async (request, response) => {
      const { watch } = readQuery(request, ['watch']);
      if (watch !== undefined) {
        const { isKeyValid = () => true } = requestContext(request);
        return streamPool(response, pool, withoutSecrets, async () => isStopping() || !(await isKeyValid()));
      }
      const { containers, ...facts } = await pool.list();
      response.json({ ...facts, containers: containers.map(withoutSecrets) });
    },
  });

  mount('/v1/pool/:containerId', {
    patch: async (request, response) => {
      readQuery(request, []);
      const { memoryMb } = checked(poolResizeRequestSchema, await readJson(request, BODY_BYTES), isPoolResizeRequest);
      response.json(withoutSecrets(await pool.resize(containerIdOf(request), memoryMb)));
    },
    get: async (request, response) => {
      readQuery(request, []);
      const container = await pool.get(containerIdOf(request));
      if (container === undefined) throw containerNotFound();
      response.json(withoutSecrets(container));
    },
  });

  mount('/v1/pool/:containerId/drain', { post: async (request, response) => void response.json(await end(request, 'reset')) });
  mount('/v1/pool/:containerId/reborn', { post: async (request, response) => void response.json(await end(request, 'replace')) });

  const end = async (request: Request, how: 'reset' | 'replace'): Promise<PoolContainer> => {
    readQuery(request, []);
    const reason = `${how === 'reset' ? 'drained' : 'reborn'} by an operator (key ${principalOf(request).keyId})`;
    return withoutSecrets(await pool[how](containerIdOf(request), reason));
  };
}

const BODY_BYTES = 4096;
const HIDDEN = ['token', 'socketDirectory'];

/** The port promises it; the token opens a container's socket, so it is taken out here once more. */
function withoutSecrets(container: PoolContainer): PoolContainer {
  return Object.fromEntries(Object.entries(container).filter(([member]) => !HIDDEN.includes(member))) as unknown as PoolContainer;
}

function containerIdOf(request: Request): string {
  const containerId = pathParameter(request, 'containerId');
  if (!/^[0-9a-f]{12}$/.test(containerId)) throw containerNotFound();
  return containerId;
}

function containerNotFound(): ServiceError {
  return new ServiceError('CONTAINER_NOT_FOUND', 'No container has this id; it may have been reset.');
}

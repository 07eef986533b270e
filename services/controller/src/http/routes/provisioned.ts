import type { Request } from 'express';
import { putProvisionedConcurrencySchema } from '@easyfaas/contracts/schemas';
import { resolveReference } from '../../functions/function-name';
import type { ProvisionedService, QualifiedName } from '../../functions/provisioned-service';
import { checked, readJson } from '../body';
import { pathParameter, type Mount } from '../mount-route';
import { readQuery } from '../query';
import { principalOf } from '../request-context';

const BODY_BYTES = 4096;

interface Deps {
  provisioned: ProvisionedService;
  functions: { region: string };
}

/** `/v1/functions/{id}/provisioned-concurrency`: how many executions are kept warm, of `$LATEST`, a version or an alias. */
export function mountProvisioned(mount: Mount, { provisioned, functions }: Deps): void {
  const target = (request: Request, qualifier?: string): QualifiedName => {
    const { accountId } = principalOf(request);
    const { functionName, qualifier: found } = resolveReference(
      pathParameter(request, 'id'),
      { accountId, region: functions.region },
      qualifier,
    );
    return { accountId, functionName, qualifier: found };
  };

  mount('/v1/functions/:id/provisioned-concurrency', {
    put: async (request, response) => {
      const { Qualifier } = readQuery(request, ['Qualifier']);
      const name = target(request, Qualifier);
      const { ProvisionedConcurrentExecutions } = checked(putProvisionedConcurrencySchema, await readJson(request, BODY_BYTES));
      response.status(202).json(await provisioned.put(name, ProvisionedConcurrentExecutions));
    },
    get: async (request, response) => {
      const { Qualifier, List } = readQuery(request, ['Qualifier', 'List']);
      const name = target(request, Qualifier);
      if (List !== 'ALL') return void response.json(await provisioned.read(name));
      const all = await provisioned.list(name.accountId, name.functionName);
      response.json({ ProvisionedConcurrencyConfigs: all.map(([of, state]) => ({ Qualifier: of, ...state })) });
    },
    delete: async (request, response) => {
      const { Qualifier } = readQuery(request, ['Qualifier']);
      await provisioned.delete(target(request, Qualifier));
      response.status(204).end();
    },
  });
}

import type { RuntimeManifest } from '@easyfaas/contracts/wire';
import { LATEST } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import { formatMarker, parseNameMarker } from '../function-target';
import type { Mount } from '../mount-route';
import { LAMBDA_PATHS } from '../policies/lambda';
import { principalOf } from '../request-context';
import { lambdaMarker, lambdaPageLimit } from './lambda-page';
import { lambdaTarget, orNotFound } from './lambda-target';
import { lambdaConfiguration } from './lambda-view';

export interface LambdaFunctionsDeps {
  functions: FunctionService;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
}

/** Functions, their code and configuration. */
export function mountLambdaFunctions(mount: Mount, { functions, runtimes }: LambdaFunctionsDeps): void {
  mount(LAMBDA_PATHS.functions, {
    get: async (request, response) => {
      const owner = { accountId: principalOf(request).accountId, region: functions.region };
      const marker = lambdaMarker(request);
      const page = await functions.list(owner.accountId, {
        limit: lambdaPageLimit(request),
        ...(marker === undefined ? {} : { marker: parseNameMarker(marker) }),
      });
      response.json({
        Functions: page.functions.map(({ configuration }) => lambdaConfiguration(configuration, owner, runtimes)),
        ...(page.nextMarker === undefined ? {} : { NextMarker: formatMarker(page.nextMarker) }),
      });
    },
  });

  mount(LAMBDA_PATHS.configuration, {
    get: async (request, response) => {
      const target = lambdaTarget(request, functions);
      const { configuration } = await orNotFound(functions.versions.read(target, target.qualifier ?? LATEST), target);
      response.json(lambdaConfiguration(configuration, target, runtimes));
    },
  });
}

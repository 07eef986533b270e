import { publishVersionRequestSchema } from '@easyfaas/contracts/schemas';
import type { RuntimeManifest } from '@easyfaas/contracts/wire';
import type { FunctionService } from '../../functions/function-service';
import { checked } from '../body';
import { formatMarker, parseNumberMarker } from '../function-target';
import type { Mount } from '../mount-route';
import { LAMBDA_PATHS } from '../policies/lambda';
import { readLambdaBody } from './lambda-body';
import { LambdaError } from './lambda-error';
import { lambdaMarker, lambdaPageLimit } from './lambda-page';
import { lambdaTarget, orNotFound, preconditionFailed, unqualified } from './lambda-target';
import { lambdaConfiguration, listedConfiguration } from './lambda-view';
import { inLambdaWords } from './lambda-words';

interface Deps {
  functions: FunctionService;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
}

/** PublishVersion and ListVersionsByFunction. */
export function mountLambdaVersions(mount: Mount, { functions, runtimes }: Deps): void {
  mount(LAMBDA_PATHS.versions, {
    post: async (request, response) => {
      const target = unqualified(lambdaTarget(request, functions));
      const body = checked(publishVersionRequestSchema, await readLambdaBody(request, 'PublishVersion'));
      const latest = await orNotFound(functions.read(target.accountId, target.functionName), target);
      const current = latest.configuration.CodeSha256;
      const { CodeSha256 = current } = body;
      if (CodeSha256 !== current) {
        const message = `CodeSHA256 (${CodeSha256}) is different from current CodeSHA256 in $LATEST (${current}). Please try again with the CodeSHA256 in $LATEST.`;
        throw new LambdaError('InvalidParameterValueException', message);
      }
      await functions.settled(latest);
      const published = functions.versions.publish(target, body);
      const { configuration } = await inLambdaWords(orNotFound(published, target), { PRECONDITION_FAILED: preconditionFailed });
      response.status(201).json(lambdaConfiguration(configuration, { owner: target, runtimes }));
    },
    get: async (request, response) => {
      const target = unqualified(lambdaTarget(request, functions));
      const marker = lambdaMarker(request);
      const after = marker === undefined ? {} : { after: parseNumberMarker(marker) };
      const page = await orNotFound(functions.versions.list(target, { limit: lambdaPageLimit(request), ...after }), target);
      response.json({
        Versions: page.versions.map(({ configuration }) =>
          listedConfiguration(configuration, { owner: target, runtimes, qualifier: configuration.Version }),
        ),
        ...(page.nextAfter === undefined ? {} : { NextMarker: formatMarker(page.nextAfter) }),
      });
    },
  });
}

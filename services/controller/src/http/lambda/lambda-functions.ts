import type { Request } from 'express';
import type { RuntimeManifest, StoredFunction } from '@easyfaas/contracts/wire';
import { authorizeFunction } from '../../auth/authorize';
import { LATEST, VERSION_NUMBER } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import type { TriggerService } from '../../triggers/trigger-service';
import { formatMarker, parseNameMarker } from '../function-target';
import type { Mount } from '../mount-route';
import { LAMBDA_PATHS } from '../policies/lambda';
import { principalOf } from '../request-context';
import { LambdaError } from './lambda-error';
import { readLambdaCode, readLambdaConfiguration, readLambdaCreate } from './lambda-function-forms';
import type { LambdaOwner } from './lambda-name';
import { lambdaMarker, lambdaPageLimit, single } from './lambda-page';
import { type LambdaTarget, lambdaTarget, orNotFound, preconditionFailed, unqualified } from './lambda-target';
import { lambdaConfiguration, listedConfiguration } from './lambda-view';
import { inLambdaWords } from './lambda-words';

export interface LambdaFunctionsDeps {
  functions: FunctionService;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
  triggers: { service: Pick<TriggerService, 'deleteOfFunction'> };
}

/** Functions, their code and configuration. */
export function mountLambdaFunctions(mount: Mount, { functions, runtimes, triggers }: LambdaFunctionsDeps): void {
  const ownerOf = (request: Request): LambdaOwner => ({ accountId: principalOf(request).accountId, region: functions.region });
  const view = ({ configuration }: StoredFunction, owner: LambdaOwner, qualifier?: string): Record<string, unknown> =>
    lambdaConfiguration(configuration, { owner, runtimes, qualifier });
  /** What was just stored, or, where that is wanted, a version of it: made once its code is known to be good. */
  const published = async (stored: StoredFunction, publish: boolean): Promise<StoredFunction> => {
    if (!publish) return stored;
    const { accountId, configuration } = await functions.settled(stored);
    return functions.versions.publish({ accountId, functionName: configuration.FunctionName }, {});
  };

  mount(LAMBDA_PATHS.functions, {
    get: async (request, response) => {
      const owner = ownerOf(request);
      const { functions: limit } = principalOf(request);
      const marker = lambdaMarker(request);
      const page = await functions.list(owner.accountId, {
        limit: lambdaPageLimit(request),
        ...(marker === undefined ? {} : { marker: parseNameMarker(marker) }),
      });
      const own = page.functions.filter(({ configuration }) => limit?.covers(configuration.FunctionName) ?? true);
      response.json({
        Functions: await allVersions(functions, own, single(request, 'FunctionVersion') === 'ALL', { owner, runtimes }),
        ...(page.nextMarker === undefined ? {} : { NextMarker: formatMarker(page.nextMarker) }),
      });
    },
    post: async (request, response) => {
      const owner = ownerOf(request);
      const { functionName, settings, upload, publish } = await readLambdaCreate(request, owner, runtimes);
      authorizeFunction(principalOf(request), functionName);
      const created = await inLambdaWords(functions.create(owner.accountId, functionName, settings, upload), {
        CONFLICT: () => new LambdaError('ResourceConflictException', `Function already exist: ${functionName}`),
      });
      response.status(201).json(view(await published(created, publish), owner));
    },
  });

  mount(LAMBDA_PATHS.function, {
    get: async (request, response) => {
      const target = lambdaTarget(request, functions);
      const stored = await orNotFound(functions.versions.read(target, target.qualifier ?? LATEST), target);
      const { configuration, concurrency } = stored;
      const { Tags } = configuration;
      response.json({
        Configuration: view(stored, target, target.qualifier),
        Code: { RepositoryType: 'local' },
        ...(Object.keys(Tags).length === 0 ? {} : { Tags }),
        ...(concurrency.ReservedConcurrentExecutions === undefined ? {} : { Concurrency: concurrency }),
      });
    },
    delete: async (request, response) => {
      const target = lambdaTarget(request, functions);
      const { accountId, functionName, qualifier } = target;
      if (qualifier === undefined) {
        await orNotFound(functions.delete(accountId, functionName), target);
        // As on AWS, where its URLs go with a function; a trigger without one would serve nobody.
        await triggers.service.deleteOfFunction(accountId, functionName);
      } else await deleteVersion(functions, target, qualifier);
      response.status(204).end();
    },
  });

  mount(LAMBDA_PATHS.code, {
    put: async (request, response) => {
      const target = unqualified(lambdaTarget(request, functions));
      const { accountId, functionName } = target;
      const { upload, publish, revisionId } = await readLambdaCode(request);
      const updated = functions.updateCode(accountId, functionName, upload, revisionId);
      const stored = await inLambdaWords(orNotFound(updated, target), { PRECONDITION_FAILED: preconditionFailed });
      response.json(view(await published(stored, publish), target));
    },
  });

  mount(LAMBDA_PATHS.configuration, {
    get: async (request, response) => {
      const target = lambdaTarget(request, functions);
      const stored = await orNotFound(functions.versions.read(target, target.qualifier ?? LATEST), target);
      response.json(view(stored, target, target.qualifier));
    },
    put: async (request, response) => {
      const target = unqualified(lambdaTarget(request, functions));
      const { accountId, functionName } = target;
      const { RevisionId, ...change } = await readLambdaConfiguration(request, target, runtimes);
      const updated = functions.updateConfiguration(accountId, functionName, change, RevisionId);
      const stored = await inLambdaWords(orNotFound(updated, target), { PRECONDITION_FAILED: preconditionFailed });
      response.json(view(stored, target));
    },
  });
}

async function deleteVersion(functions: FunctionService, target: LambdaTarget, qualifier: string): Promise<void> {
  if (qualifier === LATEST) throw refused('$LATEST version cannot be deleted without deleting the function.');
  if (!VERSION_NUMBER.test(qualifier)) throw refused('Deletion of aliases is not currently supported.');
  await orNotFound(functions.versions.delete(target, qualifier), target);
}

function refused(message: string): LambdaError {
  return new LambdaError('InvalidParameterValueException', message);
}

/** Of a page of functions, with their versions when those are wanted too. */
async function allVersions(
  functions: FunctionService,
  page: readonly StoredFunction[],
  isWanted: boolean,
  options: Parameters<typeof listedConfiguration>[1],
): Promise<Record<string, unknown>[]> {
  if (!isWanted) return page.map(({ configuration }) => listedConfiguration(configuration, options));
  const { accountId } = options.owner;
  const lists = await Promise.all(
    page.map(({ configuration: { FunctionName } }) => functions.versions.list({ accountId, functionName: FunctionName }, { limit: 100 })),
  );
  return lists.flatMap(({ versions }) =>
    versions.map(({ configuration }) => listedConfiguration(configuration, { ...options, qualifier: configuration.Version })),
  );
}

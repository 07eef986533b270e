import type { Request, Response } from 'express';
import { functionConcurrencySchema, updateConfigurationRequestSchema } from '@easyfaas/contracts/schemas';
import type { FunctionConfiguration, RuntimeManifest, StoredFunction } from '@easyfaas/contracts/wire';
import { configurationView } from '../../functions/configuration';
import { LATEST } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import type { TypeScriptCompiler } from '../../functions/typescript-compiler';
import { parseTagFilter } from '../../functions/tag-rules';
import { invalidField } from '../../invalid-field';
import type { TriggerService } from '../../triggers/trigger-service';
import { checked, readJson } from '../body';
import { SETTING_PARAMETERS, readCodeUpdate, readCreate, refuseUnsupported } from '../function-forms';
import {
  expectedRevision,
  formatMarker,
  functionTarget,
  parseNameMarker,
  unqualifiedTarget,
  type FunctionTarget,
} from '../function-target';
import { pathParameter, type Mount } from '../mount-route';
import { PAGE_PARAMETERS, pageLimit } from '../page-query';
import { readQuery } from '../query';
import { principalOf } from '../request-context';

/** Far more than any valid configuration, so that one with too many members is told which ones instead of a size. */
const CONFIGURATION_BYTES = 6 * 1024 * 1024;

interface Deps {
  functions: FunctionService;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
  typescript: TypeScriptCompiler;
  triggers: { service: TriggerService };
}

/** `/v1/functions`: functions, their code, configuration and reserved concurrency. */
export function mountFunctions(mount: Mount, { functions, runtimes, typescript, triggers }: Deps): void {
  const languages = { runtimes, typescript };
  const target = (request: Request): FunctionTarget => unqualifiedTarget(request, functions.region);

  const deleteWhole = async (
    { accountId, functionName }: FunctionTarget,
    revisionId: string | undefined,
    isCascade: boolean,
  ): Promise<void> => {
    if (!isCascade) await triggers.service.assertNone(accountId, functionName);
    await functions.delete(accountId, functionName, revisionId);
    if (isCascade) await triggers.service.deleteOfFunction(accountId, functionName);
  };

  mount('/v1/functions', {
    get: async (request, response) => {
      const { accountId, functions: limit } = principalOf(request);
      const query = readQuery(request, [...PAGE_PARAMETERS, 'tag']);
      const marker = query.marker === undefined ? {} : { marker: parseNameMarker(query.marker) };
      const tag = query.tag === undefined ? undefined : parseTagFilter(query.tag);
      const page = await functions.list(accountId, { limit: pageLimit(query), ...marker }, tag);
      response.json({
        // Of a key that is limited to some functions, pages may be short or empty.
        Functions: page.functions
          .filter(({ configuration }) => limit?.covers(configuration.FunctionName) ?? true)
          .map(({ configuration }) => configurationView(configuration)),
        ...(page.nextMarker === undefined ? {} : { NextMarker: formatMarker(page.nextMarker) }),
      });
    },
  });

  mount('/v1/functions/:id', {
    post: async (request, response) => {
      const query = readQuery(request, SETTING_PARAMETERS);
      const { accountId, functionName } = target(request);
      await functions.assertAbsent(accountId, functionName);
      const { settings, upload, publish } = await readCreate(request, query, languages);
      const created = await functions.settled(await functions.create(accountId, functionName, settings, upload));
      response.setHeader('Location', `/v1/functions/${functionName}`);
      sendConfiguration(response.status(201), publish ? await functions.versions.publish({ accountId, functionName }, {}) : created);
    },
    get: async (request, response) => {
      const { Qualifier } = readQuery(request, ['Qualifier']);
      const wanted = functionTarget(request, functions.region, Qualifier);
      const { configuration, concurrency, code } = await functions.versions.read(wanted, wanted.qualifier);
      setRevision(response, configuration);
      response.json({
        Configuration: configurationView(configuration),
        Code: { RepositoryType: 'local', Sha256: code.sha256 },
        Concurrency: concurrency,
      });
    },
    delete: async (request, response) => {
      const { Qualifier, cascade } = readQuery(request, ['Qualifier', 'cascade']);
      if (!['true', 'false', undefined].includes(cascade)) throw invalidField('cascade', 'cascade must be true or false.');
      const wanted = functionTarget(request, functions.region, Qualifier);
      if (namesVersion(request, wanted, Qualifier)) await functions.versions.delete(wanted, wanted.qualifier);
      else await deleteWhole(wanted, expectedRevision(request), cascade === 'true');
      response.status(204).end();
    },
  });

  mount('/v1/functions/:id/code', {
    put: async (request, response) => {
      const query = readQuery(request, ['Publish']);
      const { accountId, functionName } = target(request);
      const current = await functions.read(accountId, functionName);
      const { upload, revisionId, publish } = await readCodeUpdate(request, query, languages, current.configuration.Runtime);
      const stored = await functions.updateCode(accountId, functionName, upload, expectedRevision(request, revisionId));
      const updated = await functions.settled(stored);
      sendConfiguration(response, publish ? await functions.versions.publish({ accountId, functionName }, {}) : updated);
    },
  });

  mount('/v1/functions/:id/configuration', {
    get: async (request, response) => {
      const { Qualifier } = readQuery(request, ['Qualifier']);
      const wanted = functionTarget(request, functions.region, Qualifier);
      sendConfiguration(response, await functions.versions.read(wanted, wanted.qualifier));
    },
    put: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      const body = await readJson(request, CONFIGURATION_BYTES);
      refuseUnsupported(body);
      const { RevisionId, ...change } = checked(updateConfigurationRequestSchema, body);
      const revisionId = expectedRevision(request, RevisionId);
      const stored = await functions.updateConfiguration(accountId, functionName, change, revisionId);
      sendConfiguration(response, await functions.settled(stored));
    },
  });

  mount('/v1/functions/:id/concurrency', {
    get: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      response.json((await functions.read(accountId, functionName)).concurrency);
    },
    put: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      const concurrency = checked(functionConcurrencySchema, await readJson(request, CONFIGURATION_BYTES));
      if (concurrency.ReservedConcurrentExecutions === undefined) {
        throw invalidField('ReservedConcurrentExecutions', 'ReservedConcurrentExecutions is needed; DELETE takes the reservation back.');
      }
      response.json((await functions.setConcurrency(accountId, functionName, concurrency)).concurrency);
    },
    delete: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      await functions.setConcurrency(accountId, functionName, {});
      response.status(204).end();
    },
  });
}

function sendConfiguration(response: Response, { configuration }: StoredFunction): void {
  setRevision(response, configuration);
  response.json(configurationView(configuration));
}

/** What `If-Match` of an update must repeat. */
function setRevision(response: Response, { RevisionId }: FunctionConfiguration): void {
  response.setHeader('ETag', `"${RevisionId}"`);
}

/** Whether a version was named, be it `$LATEST`, which cannot be deleted alone. */
function namesVersion(request: Request, { qualifier }: FunctionTarget, inQuery = ''): boolean {
  return qualifier !== LATEST || inQuery !== '' || pathParameter(request, 'id').endsWith(`:${LATEST}`);
}

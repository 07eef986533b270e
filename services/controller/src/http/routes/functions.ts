import type { Request, Response } from 'express';
import { functionConcurrencySchema, updateConfigurationRequestSchema } from '@easyfaas/contracts/schemas';
import type { FunctionConfiguration, RuntimeManifest, StoredFunction } from '@easyfaas/contracts/wire';
import { configurationView } from '../../functions/configuration';
import { FUNCTION_NAME, LATEST, functionNotFound, resolveReference } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import { invalidField } from '../../invalid-field';
import { checked, readJson } from '../body';
import { SETTING_PARAMETERS, readCodeUpdate, readCreate, refuseUnsupported } from '../function-forms';
import { pathParameter, type Mount } from '../mount-route';
import { readInteger, readQuery } from '../query';
import { principalOf } from '../request-context';

const PAGE_MAX = 100;
const PAGE_DEFAULT = 50;
/** Far more than any valid configuration, so that one with too many members is told which ones instead of a size. */
const CONFIGURATION_BYTES = 6 * 1024 * 1024;

interface Deps {
  functions: FunctionService;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
}

/** `/v1/functions`: functions, their code, configuration and reserved concurrency. */
export function mountFunctions(mount: Mount, { functions, runtimes }: Deps): void {
  const target = (request: Request, qualifier?: string): { accountId: string; functionName: string } => {
    const { accountId } = principalOf(request);
    const found = resolveReference(pathParameter(request, 'id'), { accountId, region: functions.region }, qualifier);
    if (found.qualifier !== LATEST) throw functionNotFound(found.functionName, found.qualifier);
    return { accountId, functionName: found.functionName };
  };

  mount('/v1/functions', {
    get: async (request, response) => {
      const { marker, maxItems } = readQuery(request, ['marker', 'maxItems']);
      const limit = maxItems === undefined ? PAGE_DEFAULT : readInteger('maxItems', maxItems, { min: 1, max: PAGE_MAX });
      const page = await functions.list(principalOf(request).accountId, {
        limit,
        ...(marker === undefined ? {} : { marker: parseMarker(marker) }),
      });
      response.json({
        Functions: page.functions.map(({ configuration }) => configurationView(configuration)),
        ...(page.nextMarker === undefined ? {} : { NextMarker: formatMarker(page.nextMarker) }),
      });
    },
  });

  mount('/v1/functions/:id', {
    post: async (request, response) => {
      const query = readQuery(request, SETTING_PARAMETERS);
      const { accountId, functionName } = target(request);
      await functions.assertAbsent(accountId, functionName);
      const { settings, upload } = await readCreate(request, query, runtimes);
      const created = await functions.create(accountId, functionName, settings, upload);
      response.setHeader('Location', `/v1/functions/${functionName}`);
      sendConfiguration(response.status(201), created);
    },
    get: async (request, response) => {
      const { Qualifier } = readQuery(request, ['Qualifier']);
      const { accountId, functionName } = target(request, Qualifier);
      const { configuration, concurrency, code } = await functions.read(accountId, functionName);
      setRevision(response, configuration);
      response.json({
        Configuration: configurationView(configuration),
        Code: { RepositoryType: 'local', Sha256: code.sha256 },
        Concurrency: concurrency,
      });
    },
    delete: async (request, response) => {
      const { Qualifier } = readQuery(request, ['Qualifier']);
      const { accountId, functionName } = target(request, Qualifier);
      await functions.delete(accountId, functionName, expectedRevision(request));
      response.status(204).end();
    },
  });

  mount('/v1/functions/:id/code', {
    put: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      const current = await functions.read(accountId, functionName);
      const { upload, revisionId } = await readCodeUpdate(request, runtimes, current.configuration.Runtime);
      sendConfiguration(response, await functions.updateCode(accountId, functionName, upload, expectedRevision(request, revisionId)));
    },
  });

  mount('/v1/functions/:id/configuration', {
    get: async (request, response) => {
      const { Qualifier } = readQuery(request, ['Qualifier']);
      const { accountId, functionName } = target(request, Qualifier);
      sendConfiguration(response, await functions.read(accountId, functionName));
    },
    put: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      const body = await readJson(request, CONFIGURATION_BYTES);
      refuseUnsupported(body);
      const { RevisionId, ...change } = checked(updateConfigurationRequestSchema, body);
      const revisionId = expectedRevision(request, RevisionId);
      sendConfiguration(response, await functions.updateConfiguration(accountId, functionName, change, revisionId));
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

/** `If-Match` (RFC 9110: a quoted tag, or `*` for any) or the body's RevisionId. */
function expectedRevision(request: Request, inBody?: string): string | undefined {
  const header = request.headers['if-match']?.trim();
  if (header === undefined || header === '*') return inBody;
  const tag = /^(?:W\/)?"?([^",]{1,64})"?$/.exec(header)?.[1];
  if (tag === undefined) throw invalidField('If-Match', 'If-Match must be one RevisionId in quotes, or *.');
  if (inBody !== undefined && inBody !== tag) throw invalidField('RevisionId', 'RevisionId and If-Match differ; give one of them.');
  return tag;
}

const MARKER_PREFIX = 'name:';

/** Opaque, so that what a page starts with can change. */
function formatMarker(functionName: string): string {
  return Buffer.from(`${MARKER_PREFIX}${functionName}`).toString('base64url');
}

/** @throws ServiceError VALIDATION_FAILED when it was not given out */
function parseMarker(marker: string): string {
  const text = Buffer.from(marker.slice(0, 256), 'base64url').toString();
  const functionName = text.slice(MARKER_PREFIX.length);
  if (text.startsWith(MARKER_PREFIX) && FUNCTION_NAME.test(functionName)) return functionName;
  throw invalidField('marker', 'marker must be the NextMarker of an earlier page.');
}

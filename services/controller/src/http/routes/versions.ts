import { createAliasRequestSchema, publishVersionRequestSchema, updateAliasRequestSchema } from '@easyfaas/contracts/schemas';
import { configurationView } from '../../functions/configuration';
import { ALIAS_NAME } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import { invalidField } from '../../invalid-field';
import { checked, readBytes, readJson } from '../body';
import { expectedRevision, formatMarker, parseNumberMarker, unqualifiedTarget, type FunctionTarget } from '../function-target';
import { pathParameter, type Mount } from '../mount-route';
import { PAGE_PARAMETERS, pageLimit } from '../page-query';
import { readQuery } from '../query';
import type { Request, Response } from 'express';

const BODY_BYTES = 64 * 1024;

/** `/v1/functions/{id}/versions` and `/aliases`. */
export function mountVersions(mount: Mount, { functions }: { functions: FunctionService }): void {
  const target = (request: Request): FunctionTarget => unqualifiedTarget(request, functions.region);

  mount('/v1/functions/:id/versions', {
    post: async (request, response) => {
      readQuery(request, []);
      const key = target(request);
      const body = checked(publishVersionRequestSchema, await readOptionalJson(request));
      const revisionId = expectedRevision(request, body.RevisionId);
      const { configuration } = await functions.versions.publish(key, {
        ...body,
        ...(revisionId === undefined ? {} : { RevisionId: revisionId }),
      });
      setRevision(response, configuration);
      response.status(201).json(configurationView(configuration));
    },
    get: async (request, response) => {
      const query = readQuery(request, PAGE_PARAMETERS);
      const after = query.marker === undefined ? {} : { after: parseNumberMarker(query.marker) };
      const page = await functions.versions.list(target(request), { limit: pageLimit(query), ...after });
      response.json({
        Versions: page.versions.map(({ configuration }) => configurationView(configuration)),
        ...(page.nextAfter === undefined ? {} : { NextMarker: formatMarker(page.nextAfter) }),
      });
    },
  });

  mount('/v1/functions/:id/aliases', {
    post: async (request, response) => {
      readQuery(request, []);
      const key = target(request);
      const alias = await functions.aliases.create(key, checked(createAliasRequestSchema, await readJson(request, BODY_BYTES)));
      response.setHeader('Location', `/v1/functions/${key.functionName}/aliases/${alias.Name}`);
      setRevision(response, alias);
      response.status(201).json(alias);
    },
    get: async (request, response) => {
      readQuery(request, []);
      response.json({ Aliases: await functions.aliases.list(target(request)) });
    },
  });

  mount('/v1/functions/:id/aliases/:alias', {
    get: async (request, response) => {
      readQuery(request, []);
      const alias = await functions.aliases.read(target(request), aliasName(request));
      setRevision(response, alias);
      response.json(alias);
    },
    put: async (request, response) => {
      readQuery(request, []);
      const key = target(request);
      const body = checked(updateAliasRequestSchema, await readJson(request, BODY_BYTES));
      const alias = await functions.aliases.update(key, aliasName(request), body, expectedRevision(request, body.RevisionId));
      setRevision(response, alias);
      response.json(alias);
    },
    delete: async (request, response) => {
      readQuery(request, []);
      await functions.aliases.delete(target(request), aliasName(request), expectedRevision(request));
      response.status(204).end();
    },
  });
}

/** Publishing needs no body. */
async function readOptionalJson(request: Request): Promise<Record<string, unknown>> {
  if (request.headers['content-type'] !== undefined) return readJson(request, BODY_BYTES);
  const bytes = await readBytes(request, BODY_BYTES);
  if (bytes.length === 0) return {};
  throw invalidField('Content-Type', 'A body needs the Content-Type application/json.');
}

function aliasName(request: Request): string {
  const name = pathParameter(request, 'alias');
  if (ALIAS_NAME.test(name)) return name;
  throw invalidField('alias', 'The name of an alias has 1 to 128 letters, digits, - and _, and is not a number.');
}

function setRevision(response: Response, { RevisionId }: { RevisionId: string }): void {
  response.setHeader('ETag', `"${RevisionId}"`);
}

import type { Request, Response } from 'express';
import { tagsRequestSchema } from '@easyfaas/contracts/schemas';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionService } from '../../functions/function-service';
import { invalidField } from '../../invalid-field';
import { checked, readJson } from '../body';
import { expectedRevision, unqualifiedTarget, type FunctionTarget } from '../function-target';
import type { Mount } from '../mount-route';
import { readQuery } from '../query';

const BODY_BYTES = 256 * 1024;

/** `/v1/functions/{id}/tags`. Keys may have slashes, which no path may: they are taken away by query. */
export function mountTags(mount: Mount, { functions }: { functions: FunctionService }): void {
  const target = (request: Request): FunctionTarget => unqualifiedTarget(request, functions.region);
  const tagsIn = async (request: Request): Promise<Record<string, string>> => {
    readQuery(request, []);
    return checked(tagsRequestSchema, await readJson(request, BODY_BYTES)).Tags;
  };

  mount('/v1/functions/:id/tags', {
    get: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      send(response, await functions.read(accountId, functionName));
    },
    put: async (request, response) => {
      send(response, await functions.tags.replace(target(request), await tagsIn(request), expectedRevision(request)));
    },
    post: async (request, response) => {
      send(response, await functions.tags.add(target(request), await tagsIn(request), expectedRevision(request)));
    },
    delete: async (request, response) => {
      const { keys = '' } = readQuery(request, ['keys']);
      if (keys === '') throw invalidField('keys', 'keys names the tags to take away, separated by commas.');
      // No key has a comma.
      await functions.tags.remove(target(request), keys.split(','), expectedRevision(request));
      response.status(204).end();
    },
  });
}

function send(response: Response, { configuration }: StoredFunction): void {
  response.setHeader('ETag', `"${configuration.RevisionId}"`);
  response.json({ Tags: configuration.Tags });
}

import type { Request } from 'express';
import { publishLayerRequestSchema } from '@easyfaas/contracts/schemas';
import { LIMITS } from '@easyfaas/contracts/wire';
import type { FunctionService } from '../../functions/function-service';
import { assertLayerName, readLayerVersion } from '../../functions/layer-name';
import type { LayerSettings } from '../../functions/layer-service';
import type { LayerKey } from '../../functions/layer-store';
import type { Upload } from '../../functions/package-store';
import { checked, mediaTypeOf, readJson, unsupported } from '../body';
import { formatMarker, parseNameMarker } from '../function-target';
import { pathParameter, type Mount } from '../mount-route';
import { PAGE_PARAMETERS, pageLimit } from '../page-query';
import { readQuery, type Query } from '../query';
import { principalOf } from '../request-context';
import { ZIP_TYPES, base64Upload, zipUpload } from '../upload-forms';

const SETTINGS = ['Description', 'CompatibleRuntimes'] as const;

/** `/v1/layers`. */
export function mountLayers(mount: Mount, { functions }: { functions: FunctionService }): void {
  mount('/v1/layers', {
    get: async (request, response) => {
      const query = readQuery(request, PAGE_PARAMETERS);
      const marker = query.marker === undefined ? {} : { marker: parseNameMarker(query.marker) };
      const page = await functions.layers.list(principalOf(request).accountId, { limit: pageLimit(query), ...marker });
      response.json({
        Layers: page.layers.map((layer) => ({ LayerName: layer.LayerName, LayerArn: layer.LayerArn, LatestMatchingVersion: layer })),
        ...(page.nextMarker === undefined ? {} : { NextMarker: formatMarker(page.nextMarker) }),
      });
    },
  });

  mount('/v1/layers/:layer/versions', {
    post: async (request, response) => {
      const key = layerKey(request);
      const { settings, upload } = await readLayer(request, readQuery(request, SETTINGS));
      const made = await functions.layers.publish(key, settings, upload);
      response.setHeader('Location', `/v1/layers/${made.LayerName}/versions/${made.Version}`);
      response.status(201).json(made);
    },
    get: async (request, response) => {
      readQuery(request, []);
      response.json({ LayerVersions: await functions.layers.versions(layerKey(request)) });
    },
  });

  mount('/v1/layers/:layer/versions/:version', {
    get: async (request, response) => {
      readQuery(request, []);
      response.json(await functions.layers.read(layerKey(request), readLayerVersion(pathParameter(request, 'version'))));
    },
    delete: async (request, response) => {
      readQuery(request, []);
      await functions.layers.delete(layerKey(request), readLayerVersion(pathParameter(request, 'version')));
      response.status(204).end();
    },
  });
}

function layerKey(request: Request): LayerKey {
  const layerName = pathParameter(request, 'layer');
  assertLayerName(layerName);
  return { accountId: principalOf(request).accountId, layerName };
}

/** JSON with a base64 zip, or the zip itself with the settings in the query. */
async function readLayer(request: Request, query: Query<(typeof SETTINGS)[number]>): Promise<{ settings: LayerSettings; upload: Upload }> {
  const mediaType = mediaTypeOf(request);
  if (ZIP_TYPES.includes(mediaType)) {
    const settings = {
      ...(query.Description === undefined ? {} : { Description: query.Description }),
      ...(query.CompatibleRuntimes === undefined ? {} : { CompatibleRuntimes: query.CompatibleRuntimes.split(',') }),
    };
    // The same rules as for JSON, with a text where the content would be.
    checked(publishLayerRequestSchema, { ...settings, Content: { ZipFile: '-' } });
    return { settings, upload: zipUpload(request) };
  }
  if (mediaType !== 'application/json') throw unsupported('The Content-Type must be application/zip or application/json.');
  const { Content, ...settings } = checked(publishLayerRequestSchema, await readJson(request, LIMITS.controlBodyBytes));
  return { settings, upload: base64Upload(Content.ZipFile, Content.Sha256, 'Content.ZipFile') };
}

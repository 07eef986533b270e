import { publishLayerRequestSchema } from '@easyfaas/contracts/schemas';
import type { LayerVersionView, RuntimeManifest } from '@easyfaas/contracts/wire';
import type { Request } from 'express';
import type { FunctionService } from '../../functions/function-service';
import { assertLayerName, readLayerVersion } from '../../functions/layer-name';
import type { LayerKey } from '../../functions/layer-store';
import { checked } from '../body';
import { formatMarker, parseNameMarker } from '../function-target';
import { type Mount, pathParameter } from '../mount-route';
import { LAMBDA_PATHS, PACKAGE_BODY_BYTES } from '../policies/lambda';
import { principalOf } from '../request-context';
import { base64Upload } from '../upload-forms';
import { readLambdaBody, refuseMembers } from './lambda-body';
import { layerNotFound, ownLayerReference } from './lambda-layer-name';
import { ARCHITECTURE, checkCode } from './lambda-members';
import type { LambdaOwner } from './lambda-name';
import { lambdaMarker, lambdaPage, lambdaPageLimit, single } from './lambda-page';
import { lambdaRuntimeName, ownRuntimeName } from './lambda-runtime';
import { lambdaLayerArn, lambdaTime } from './lambda-view';
import { inLambdaWords } from './lambda-words';

interface Deps {
  functions: FunctionService;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
}

const includesOwn = (value: unknown): boolean => Array.isArray(value) && (value.length === 0 || value.includes(ARCHITECTURE));
const RULES = {
  LicenseInfo: { isHarmless: (value: unknown) => value === '', way: 'say it in the Description.' },
  CompatibleArchitectures: { isHarmless: includesOwn, way: `this machine has ${ARCHITECTURE}.` },
};

/** Layers and their versions. */
export function mountLambdaLayers(mount: Mount, { functions, runtimes }: Deps): void {
  const ownerOf = (request: Request): LambdaOwner => ({ accountId: principalOf(request).accountId, region: functions.region });
  const view = (layer: LayerVersionView, owner: LambdaOwner): Record<string, unknown> => layerView(layer, owner, runtimes);
  const keyOf = (request: Request): LayerKey => {
    const owner = ownerOf(request);
    const layerName = ownLayerReference(pathParameter(request, 'layer'), owner);
    assertLayerName(layerName);
    return { accountId: owner.accountId, layerName };
  };

  mount(LAMBDA_PATHS.layers, {
    get: async (request, response) => {
      const owner = ownerOf(request);
      if (single(request, 'find') === 'LayerVersion') {
        const [layerName = '', version = '0'] = ownLayerReference(single(request, 'Arn') ?? '', owner).split(':');
        const found = functions.layers.read({ accountId: owner.accountId, layerName }, Number(version));
        response.json(view(await inLambdaWords(found, { LAYER_NOT_FOUND: layerNotFound }), owner));
        return;
      }
      const marker = lambdaMarker(request);
      const page = await functions.layers.list(owner.accountId, {
        limit: lambdaPageLimit(request),
        ...(marker === undefined ? {} : { marker: parseNameMarker(marker) }),
      });
      response.json({
        Layers: page.layers.filter(isFor(request, runtimes)).map((layer) => ({
          LayerName: layer.LayerName,
          LayerArn: lambdaLayerArn(layer.LayerArn, owner),
          LatestMatchingVersion: listed(view(layer, owner)),
        })),
        ...(page.nextMarker === undefined ? {} : { NextMarker: formatMarker(page.nextMarker) }),
      });
    },
  });

  mount(LAMBDA_PATHS.layerVersions, {
    post: async (request, response) => {
      const key = keyOf(request);
      const owner = ownerOf(request);
      const { Content, Description, CompatibleRuntimes, ...others } = await readLambdaBody(
        request,
        'PublishLayerVersion',
        PACKAGE_BODY_BYTES,
      );
      refuseMembers(others, RULES, []);
      const content = typeof Content === 'object' ? (Content as Record<string, unknown>) : {};
      checkCode(content, []);
      const names = Array.isArray(CompatibleRuntimes) ? CompatibleRuntimes : [];
      const { Content: checkedContent, ...settings } = checked(publishLayerRequestSchema, {
        Content: { ZipFile: content['ZipFile'] },
        ...(Description === undefined ? {} : { Description }),
        CompatibleRuntimes: [...new Set(names.map((name) => ownRuntimeName(String(name), runtimes)))],
      });
      const made = await functions.layers.publish(key, settings, base64Upload(checkedContent.ZipFile, undefined, 'Content.ZipFile'));
      response.status(201).json(view(made, owner));
    },
    get: async (request, response) => {
      const owner = ownerOf(request);
      const all = (await functions.layers.versions(keyOf(request))).filter(isFor(request, runtimes));
      const { page, ...rest } = lambdaPage(all, request, ({ Version }) => String(Version));
      response.json({ LayerVersions: page.map((layer) => listed(view(layer, owner))), ...rest });
    },
  });

  mount(LAMBDA_PATHS.layerVersion, {
    get: async (request, response) => {
      const found = functions.layers.read(keyOf(request), readLayerVersion(pathParameter(request, 'version')));
      response.json(view(await inLambdaWords(found, { LAYER_NOT_FOUND: layerNotFound }), ownerOf(request)));
    },
    delete: async (request, response) => {
      const key = keyOf(request);
      const version = readLayerVersion(pathParameter(request, 'version'));
      // As on AWS, where deleting what is not there is no error.
      if ((await functions.layers.versions(key)).some((layer) => layer.Version === version)) await functions.layers.delete(key, version);
      response.status(204).end();
    },
  });
}

/** For `CompatibleRuntime` of the query. */
function isFor(request: Request, runtimes: Deps['runtimes']): (layer: LayerVersionView) => boolean {
  const wanted = single(request, 'CompatibleRuntime');
  if (wanted === undefined) return () => true;
  const own = ownRuntimeName(wanted, runtimes);
  return ({ CompatibleRuntimes }) => CompatibleRuntimes.length === 0 || CompatibleRuntimes.includes(own);
}

function layerView(layer: LayerVersionView, owner: LambdaOwner, runtimes: Deps['runtimes']): Record<string, unknown> {
  const { LayerArn, LayerVersionArn, Version, Description, CompatibleRuntimes, CreatedDate, Content } = layer;
  return {
    Content: { CodeSha256: Content.CodeSha256, CodeSize: Content.CodeSize },
    LayerArn: lambdaLayerArn(LayerArn, owner),
    LayerVersionArn: lambdaLayerArn(LayerVersionArn, owner),
    Description,
    CreatedDate: lambdaTime(CreatedDate),
    Version,
    ...(CompatibleRuntimes.length === 0 ? {} : { CompatibleRuntimes: CompatibleRuntimes.map((name) => lambdaRuntimeName(name, runtimes)) }),
  };
}

function listed({ Content: _content, LayerArn: _arn, ...layer }: Record<string, unknown>): Record<string, unknown> {
  return layer;
}

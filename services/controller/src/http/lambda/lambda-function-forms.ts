import type { Request } from 'express';
import { createFunctionRequestSchema, updateCodeRequestSchema, updateConfigurationRequestSchema } from '@easyfaas/contracts/schemas';
import type { RuntimeManifest, UpdateConfigurationRequest } from '@easyfaas/contracts/wire';
import type { FunctionSettings } from '../../functions/configuration';
import type { Upload } from '../../functions/package-store';
import { without } from '../../functions/without';
import { checked } from '../body';
import { PACKAGE_BODY_BYTES } from '../policies/lambda';
import { base64Upload } from '../upload-forms';
import { readLambdaBody } from './lambda-body';
import { LambdaError } from './lambda-error';
import { SETTING_NAMES, checkCode, checkSettings } from './lambda-members';
import { type LambdaOwner, readNewLambdaName } from './lambda-name';
import { ownLayerReference } from './lambda-layer-name';
import { ownRuntimeName } from './lambda-runtime';

type Runtimes = ReadonlyMap<string, RuntimeManifest>;
type Body = Readonly<Record<string, unknown>>;

export interface LambdaCreate {
  functionName: string;
  settings: FunctionSettings;
  upload: Upload;
  publish: boolean;
}

/** The body of CreateFunction. @throws LambdaError, ServiceError */
export async function readLambdaCreate(request: Request, owner: LambdaOwner, runtimes: Runtimes): Promise<LambdaCreate> {
  const body = await readLambdaBody(request, 'CreateFunction', PACKAGE_BODY_BYTES);
  const functionName = readNewLambdaName(typeof body['FunctionName'] === 'string' ? body['FunctionName'] : '', owner);
  checkSettings(body, ['FunctionName', 'Code', 'Publish', 'Tags']);
  const code = typeof body['Code'] === 'object' ? (body['Code'] as Body) : {};
  checkCode(code, []);
  const { Tags, Publish } = body;
  const {
    Code,
    Publish: publish = false,
    ...settings
  } = checked(createFunctionRequestSchema, {
    ...ownSettings(body, owner, runtimes),
    Code: { ZipFile: code['ZipFile'] },
    ...(Tags === undefined ? {} : { Tags }),
    ...(Publish === undefined ? {} : { Publish }),
  });
  return { functionName, settings, upload: base64Upload(Code.ZipFile, undefined, 'Code.ZipFile'), publish };
}

export interface LambdaCodeUpdate {
  upload: Upload;
  publish: boolean;
  revisionId: string | undefined;
}

/** The body of UpdateFunctionCode. @throws LambdaError, ServiceError */
export async function readLambdaCode(request: Request): Promise<LambdaCodeUpdate> {
  const body = await readLambdaBody(request, 'UpdateFunctionCode', PACKAGE_BODY_BYTES);
  checkCode(body, ['Publish', 'RevisionId']);
  const { ZipFile, Publish = false, RevisionId } = checked(updateCodeRequestSchema, without(body, 'DryRun', 'Architectures'));
  return { upload: base64Upload(ZipFile, undefined, 'ZipFile'), publish: Publish, revisionId: RevisionId };
}

/** The body of UpdateFunctionConfiguration. @throws LambdaError, ServiceError */
export async function readLambdaConfiguration(
  request: Request,
  owner: LambdaOwner,
  runtimes: Runtimes,
): Promise<UpdateConfigurationRequest> {
  const body = await readLambdaBody(request, 'UpdateFunctionConfiguration');
  checkSettings(body, ['RevisionId']);
  const { RevisionId } = body;
  return checked(updateConfigurationRequestSchema, {
    ...ownSettings(body, owner, runtimes),
    ...(RevisionId === undefined ? {} : { RevisionId }),
  });
}

/** Members that mean the same here, with names of runtimes and layers that are ours. */
function ownSettings(body: Body, owner: LambdaOwner, runtimes: Runtimes): Record<string, unknown> {
  const { Runtime, Environment, Layers } = body;
  const same = SETTING_NAMES.filter((name) => name !== 'Role' && body[name] !== undefined).map((name) => [name, body[name]]);
  return {
    ...(Object.fromEntries(same) as Record<string, unknown>),
    ...(typeof Runtime === 'string' ? { Runtime: ownRuntimeName(Runtime, runtimes) } : {}),
    ...(Environment === undefined ? {} : { Environment: { Variables: {}, ...(Environment as object) } }),
    ...(Array.isArray(Layers) ? { Layers: Layers.map((layer) => ownLayer(layer, owner)) } : {}),
  };
}

function ownLayer(layer: unknown, owner: LambdaOwner): string {
  if (typeof layer === 'string') return ownLayerReference(layer, owner);
  throw new LambdaError('InvalidParameterValueException', 'Layers must be a list of ARNs of layer versions.');
}

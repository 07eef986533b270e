import type { IncomingMessage } from 'node:http';
import { zipSingleFile } from '@easyfaas/code-package';
import { createFunctionRequestSchema, updateCodeRequestSchema } from '@easyfaas/contracts/schemas';
import { LIMITS, type CreateFunctionRequest, type NetworkMode, type RuntimeManifest } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { FunctionSettings } from '../functions/configuration';
import type { Upload } from '../functions/package-store';
import type { TypeScriptCompiler } from '../functions/typescript-compiler';
import { invalidField } from '../invalid-field';
import { checked, mediaTypeOf, readBytes, readJson, unsupported } from './body';
import { readInteger, type Query } from './query';
import { ZIP_TYPES, base64Upload, once, zipUpload } from './upload-forms';

/*
 * Code comes in three forms: base64 in JSON, the zip itself, or one source file. The latter two leave no place for the
 * configuration in the body: it is in the query.
 */

export const SETTING_PARAMETERS = [
  'Runtime',
  'Handler',
  'Timeout',
  'MemorySize',
  'PodConcurrentQuota',
  'NetworkMode',
  'EphemeralStorage',
  'KeepPayloads',
  'Description',
  'Publish',
] as const;
export type SettingQuery = Query<(typeof SETTING_PARAMETERS)[number]>;

/** One source file, bytes: what a person writes. Larger programs come as a zip. */
const SOURCE_BYTES = 4 * 1024 * 1024;
const DEFAULT_HANDLER = 'index.handler';

/** As clients write them; none is registered. */
const TYPESCRIPT_TYPES: readonly string[] = ['text/typescript', 'application/typescript'];

type Runtimes = ReadonlyMap<string, RuntimeManifest>;

export interface Languages {
  runtimes: Runtimes;
  typescript: Pick<TypeScriptCompiler, 'compile'>;
}

export interface CreateForm {
  settings: FunctionSettings;
  upload: Upload;
  /** A version is to be published at once. */
  publish: boolean;
}

export interface CodeForm {
  upload: Upload;
  publish: boolean;
  revisionId?: string;
}

/** @throws ServiceError for anything that is not a well-formed create request */
export async function readCreate(request: IncomingMessage, query: SettingQuery, languages: Languages): Promise<CreateForm> {
  const mediaType = mediaTypeOf(request);
  if (mediaType === 'application/json') return readJsonCreate(request, query);
  const publish = readFlag('Publish', query.Publish);
  if (ZIP_TYPES.includes(mediaType)) return { settings: settingsOf(query, undefined), upload: zipUpload(request), publish };
  const manifest = manifestFor(mediaType, languages.runtimes, query.Runtime);
  const settings = settingsOf({ Handler: DEFAULT_HANDLER, ...query }, manifest.name);
  return { settings, upload: await sourceUpload(request, mediaType, manifest, languages), publish };
}

/** @param runtime of the function, which a single source file must be for */
export async function readCodeUpdate(
  request: IncomingMessage,
  query: Query<'Publish'>,
  languages: Languages,
  runtime: string,
): Promise<CodeForm> {
  const mediaType = mediaTypeOf(request);
  const publish = readFlag('Publish', query.Publish);
  if (ZIP_TYPES.includes(mediaType)) return { upload: zipUpload(request), publish };
  if (mediaType !== 'application/json') {
    const manifest = manifestFor(mediaType, languages.runtimes, runtime);
    return { upload: await sourceUpload(request, mediaType, manifest, languages), publish };
  }
  refuseQuery(query);
  const {
    ZipFile,
    Sha256,
    RevisionId,
    Publish = false,
  } = checked(updateCodeRequestSchema, await readJson(request, LIMITS.controlBodyBytes));
  return {
    upload: base64Upload(ZipFile, Sha256, 'ZipFile'),
    publish: Publish,
    ...(RevisionId === undefined ? {} : { revisionId: RevisionId }),
  };
}

async function readJsonCreate(request: IncomingMessage, query: SettingQuery): Promise<CreateForm> {
  refuseQuery(query);
  const body = await readJson(request, LIMITS.controlBodyBytes);
  refuseUnsupported(body);
  const { Code, Publish = false, ...settings } = checked<CreateFunctionRequest>(createFunctionRequestSchema, body);
  return { settings, upload: base64Upload(Code.ZipFile, Code.Sha256, 'Code.ZipFile'), publish: Publish };
}

function refuseQuery(query: Readonly<Record<string, string>>): void {
  const stray = Object.keys(query)[0];
  if (stray !== undefined) throw invalidField(stray, `${stray} belongs into the JSON body, not into the query.`);
}

/** @throws ServiceError VALIDATION_FAILED */
function readFlag(name: string, text = 'false'): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalidField(name, `${name} must be true or false.`);
}

/** Members that users of Lambda know and that this version does not have: refused in words, never stored and ignored. */
const UNSUPPORTED_MEMBERS = [
  'DeadLetterConfig',
  'VpcConfig',
  'FileSystemConfigs',
  'ImageConfig',
  'KMSKeyArn',
  'TracingConfig',
  'SnapStart',
  'Architectures',
  'PackageType',
];

/** @throws ServiceError NOT_SUPPORTED naming the member */
export function refuseUnsupported(body: Record<string, unknown>): void {
  const member = UNSUPPORTED_MEMBERS.find((name) => Object.hasOwn(body, name));
  if (member !== undefined) throw notInThisVersion(member);
}

function notInThisVersion(member: string): ServiceError {
  return new ServiceError('NOT_SUPPORTED', `${member} is not in this version; leave it out.`, { details: { field: member } });
}

/** @throws ServiceError VALIDATION_FAILED; the ranges are checked with all other settings */
function settingsOf(query: SettingQuery, runtimeBySource: string | undefined): FunctionSettings {
  const { Runtime = runtimeBySource, Handler, Description, NetworkMode, EphemeralStorage, KeepPayloads } = query;
  if (Runtime === undefined)
    throw invalidField('Runtime', 'Runtime is needed in the query, such as ?Runtime=nodejs20&Handler=index.handler.');
  if (Handler === undefined) throw invalidField('Handler', 'Handler is needed in the query, such as &Handler=index.handler.');
  const settings = {
    Runtime,
    Handler,
    ...(Description === undefined ? {} : { Description }),
    ...(NetworkMode === undefined ? {} : { NetworkMode: NetworkMode as NetworkMode }),
    ...integerOf('Timeout', query.Timeout, { min: 1, max: LIMITS.timeoutSecondsMax }),
    ...integerOf('MemorySize', query.MemorySize, { min: LIMITS.memoryMbMin, max: LIMITS.memoryMbMax }),
    ...(EphemeralStorage === undefined
      ? {}
      : { EphemeralStorage: { Size: readInteger('EphemeralStorage', EphemeralStorage, { min: 1, max: 1_000_000 }) } }),
    ...(KeepPayloads === undefined ? {} : { KeepPayloads: readFlag('KeepPayloads', KeepPayloads) }),
    ...integerOf('PodConcurrentQuota', query.PodConcurrentQuota, { min: 1, max: LIMITS.podConcurrentQuotaMax }),
  };
  // The same rules as for JSON, with a text where the code would be.
  checked(createFunctionRequestSchema, { ...settings, Code: { ZipFile: '-' } });
  return settings;
}

function integerOf(name: string, text: string | undefined, range: { min: number; max: number }): Record<string, number> {
  return text === undefined ? {} : { [name]: readInteger(name, text, range) };
}

/** @throws ServiceError PAYLOAD_TOO_LARGE, INVALID_PACKAGE, INVALID_SOURCE */
async function sourceUpload(
  request: IncomingMessage,
  mediaType: string,
  { entryFile, entryIsExecutable }: RuntimeManifest,
  { typescript }: Languages,
): Promise<Upload> {
  const source = await readBytes(request, SOURCE_BYTES);
  if (source.length === 0) throw new ServiceError('INVALID_PACKAGE', 'The source file is empty.');
  // A runtime that takes TypeScript as it is has an entry file of that name.
  const isCompiled = TYPESCRIPT_TYPES.includes(mediaType) && entryFile.endsWith('.js');
  return { bytes: once(await zipSingleFile(entryFile, isCompiled ? await typescript.compile(source) : source, entryIsExecutable)) };
}

function manifestFor(mediaType: string, runtimes: Runtimes, runtime: string | undefined): RuntimeManifest {
  const all = [...runtimes.values()];
  const takers = all.filter((manifest) => manifest.sourceContentTypes.includes(mediaType));
  const types = [...new Set(['application/json', 'application/zip', ...all.flatMap((manifest) => manifest.sourceContentTypes)])];
  if (takers.length === 0) throw unsupported(`The Content-Type must be one of ${types.join(', ')}.`);
  const found = runtime === undefined ? takers[0] : takers.find((manifest) => manifest.name === runtime);
  if (found === undefined) throw unsupported(`A single source file of type ${mediaType} is not for the runtime ${runtime ?? ''}.`);
  return found;
}

import { type Harmless, refuseMembers } from './lambda-body';
import { LambdaError } from './lambda-error';
import { unmatched, validation } from './lambda-name';

const ARCHITECTURES: Partial<Record<string, string>> = { x64: 'x86_64', arm64: 'arm64' };
/** As AWS calls what this machine has. */
export const ARCHITECTURE: string = ARCHITECTURES[process.arch] ?? process.arch;
const ROLE_PATTERN = 'arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+';
const ROLE = /^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/;

const isEmpty: Harmless = (value) =>
  value === '' || (typeof value === 'object' && value !== null && Object.values(value).every((each) => each === null || isEmpty(each)));
const isJust =
  (value: unknown): Harmless =>
  (given) =>
    JSON.stringify(given) === JSON.stringify(value);
const hasOnly =
  (name: string, value: string): Harmless =>
  (given) =>
    isEmpty(given) || isJust({ [name]: value })(given);

/** Settings of AWS that have no meaning on one's own machine, or that this version does not have. */
const SETTINGS: Readonly<Record<string, { isHarmless: Harmless; way: string }>> = {
  VpcConfig: {
    isHarmless: isEmpty,
    way: 'there are no VPCs; NetworkMode of PUT /v1/functions/<name>/configuration opens a function to the network.',
  },
  FileSystemConfigs: { isHarmless: isEmpty, way: 'there is no EFS; put what the function reads into its package or a layer.' },
  KMSKeyArn: {
    isHarmless: isEmpty,
    way: 'there is no KMS; secrets of a function are sealed, see PUT /v1/functions/<name>/secrets/<secret>.',
  },
  DeadLetterConfig: {
    isHarmless: isEmpty,
    way: 'failed events are kept as dead letters anyway; a destination OnFailure sends them elsewhere.',
  },
  TracingConfig: { isHarmless: hasOnly('Mode', 'PassThrough'), way: 'there is no X-Ray; the Mode is PassThrough.' },
  SnapStart: { isHarmless: hasOnly('ApplyOn', 'None'), way: 'there are no snapshots; provisioned concurrency keeps containers warm.' },
  ImageConfig: { isHarmless: isEmpty, way: 'functions are packages, not images.' },
  LoggingConfig: { isHarmless: hasOnly('LogFormat', 'Text'), way: 'logs are text, at GET /v1/functions/<name>/logs.' },
  CodeSigningConfigArn: { isHarmless: isEmpty, way: 'code is not signed.' },
  PackageType: { isHarmless: isJust('Zip'), way: 'functions are packages, not images; the PackageType is Zip.' },
  Architectures: { isHarmless: isJust([ARCHITECTURE]), way: `this machine has ${ARCHITECTURE}.` },
};

const CODE: Readonly<Record<string, { isHarmless: Harmless; way: string }>> = {
  S3Bucket: { isHarmless: isEmpty, way: 'there is no S3 to read from; send the package itself as ZipFile.' },
  S3Key: { isHarmless: isEmpty, way: 'there is no S3 to read from; send the package itself as ZipFile.' },
  S3ObjectVersion: { isHarmless: isEmpty, way: 'there is no S3 to read from; send the package itself as ZipFile.' },
  ImageUri: { isHarmless: isEmpty, way: 'functions are packages, not images; send a zip as ZipFile.' },
  SourceKMSKeyArn: { isHarmless: isEmpty, way: 'there is no KMS.' },
  DryRun: { isHarmless: isJust(false), way: 'an update cannot be tried out; publish a version first, which an alias can return to.' },
  Architectures: { isHarmless: isJust([ARCHITECTURE]), way: `this machine has ${ARCHITECTURE}.` },
};

export const SETTING_NAMES = [
  'Runtime',
  'Role',
  'Handler',
  'Description',
  'Timeout',
  'MemorySize',
  'EphemeralStorage',
  'Environment',
  'Layers',
] as const;

/** @throws LambdaError */
export function checkSettings(body: Readonly<Record<string, unknown>>, others: readonly string[]): void {
  refuseMembers(body, SETTINGS, [...SETTING_NAMES, ...others]);
  const { Role } = body;
  // Every client of AWS needs one to be written; there are no roles here, so it is looked at and forgotten.
  if (Role === undefined || (typeof Role === 'string' && ROLE.test(Role))) return;
  throw validation([unmatched(typeof Role === 'string' ? Role : JSON.stringify(Role), 'role', ROLE_PATTERN)]);
}

/** @throws LambdaError */
export function checkCode(code: Readonly<Record<string, unknown>>, others: readonly string[]): void {
  refuseMembers(code, CODE, ['ZipFile', ...others]);
  if (code['ZipFile'] !== undefined) return;
  throw new LambdaError('InvalidParameterValueException', 'Please provide a source for function code: ZipFile, a zip in base64.');
}

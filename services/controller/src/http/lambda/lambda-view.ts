import type { FunctionConfiguration, RuntimeManifest } from '@easyfaas/contracts/wire';
import { configurationView } from '../../functions/configuration';
import { LATEST } from '../../functions/function-name';
import { type LambdaOwner, accountNumber, lambdaArn, lambdaFunctionArn } from './lambda-name';
import { lambdaRuntimeName } from './lambda-runtime';

const ARCHITECTURES: Partial<Record<string, string>> = { x64: 'x86_64', arm64: 'arm64' };

/** A configuration as AWS Lambda shows it. */
export function lambdaConfiguration(
  configuration: FunctionConfiguration,
  owner: LambdaOwner,
  runtimes: ReadonlyMap<string, RuntimeManifest>,
): Record<string, unknown> {
  const { FunctionName, Version, Runtime, Handler, Description, Timeout, MemorySize, CodeSha256, CodeSize } = configuration;
  const { Environment, RevisionId, LastModified, State, StateReason, Layers = [] } = configurationView(configuration);
  return {
    FunctionName,
    FunctionArn: lambdaFunctionArn(owner, { functionName: FunctionName, ...(Version === LATEST ? {} : { qualifier: Version }) }),
    Runtime: lambdaRuntimeName(Runtime, runtimes),
    Role: `arn:aws:iam::${accountNumber(owner.accountId)}:role/easyfaas`,
    Handler,
    CodeSize,
    Description,
    Timeout,
    MemorySize,
    LastModified: lambdaTime(LastModified),
    CodeSha256,
    Version,
    ...(Object.keys(Environment.Variables).length === 0 ? {} : { Environment }),
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId,
    ...(Layers.length === 0
      ? {}
      : { Layers: Layers.map(({ Arn, CodeSize: size }) => ({ Arn: lambdaLayerArn(Arn, owner), CodeSize: size })) }),
    State,
    ...(State === 'Active'
      ? { LastUpdateStatus: 'Successful' }
      : { StateReason, StateReasonCode: State === 'Pending' ? 'Creating' : 'InternalError' }),
    PackageType: 'Zip',
    Architectures: [ARCHITECTURES[process.arch] ?? process.arch],
    EphemeralStorage: { Size: 512 },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${FunctionName}` },
  };
}

/** `brn:cloud:faas:<region>:<account>:layer:…` in AWS's form. */
export function lambdaLayerArn(arn: string, owner: LambdaOwner): string {
  return lambdaArn(owner, arn.split(':').slice(5).join(':'));
}

/** ISO 8601 as AWS writes it, with the zone as digits. */
export function lambdaTime(iso: string): string {
  return iso.replace(/Z$/, '+0000');
}

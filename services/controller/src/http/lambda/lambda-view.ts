import type { FunctionConfiguration, RuntimeManifest } from '@easyfaas/contracts/wire';
import { configurationView } from '../../functions/configuration';
import { LATEST } from '../../functions/function-name';
import { ARCHITECTURE } from './lambda-members';
import { type LambdaOwner, accountNumber, lambdaArn, lambdaFunctionArn } from './lambda-name';
import { lambdaRuntimeName } from './lambda-runtime';

export interface LambdaViewOptions {
  owner: LambdaOwner;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
  /** The qualifier that was asked for, which the ARN repeats; else a version's number. */
  qualifier?: string | undefined;
}

/** Members of a state that are not shown where they say nothing. */
type States = Partial<
  Pick<
    FunctionConfiguration,
    'State' | 'StateReason' | 'StateReasonCode' | 'LastUpdateStatus' | 'LastUpdateStatusReason' | 'LastUpdateStatusReasonCode'
  >
>;

/** A configuration as AWS Lambda shows it. */
export function lambdaConfiguration(configuration: FunctionConfiguration, options: LambdaViewOptions): Record<string, unknown> {
  return { ...listedConfiguration(configuration, options), ...statesOf(configurationView(configuration)) };
}

/** The same in a list, where AWS tells no state. */
export function listedConfiguration(
  configuration: FunctionConfiguration,
  { owner, runtimes, qualifier }: LambdaViewOptions,
): Record<string, unknown> {
  const { FunctionName, Version, Runtime, Handler, Description, Timeout, MemorySize, CodeSha256, CodeSize } = configuration;
  const { Environment, RevisionId, LastModified, EphemeralStorage, Layers = [] } = configurationView(configuration);
  const shownQualifier = qualifier ?? (Version === LATEST ? undefined : Version);
  return {
    FunctionName,
    FunctionArn: lambdaFunctionArn(owner, {
      functionName: FunctionName,
      ...(shownQualifier === undefined ? {} : { qualifier: shownQualifier }),
    }),
    Runtime: lambdaRuntimeName(Runtime, runtimes),
    Role: `arn:aws:iam::${accountNumber(owner.accountId)}:role/easyfaas`,
    Handler,
    CodeSize,
    Description,
    Timeout,
    MemorySize,
    EphemeralStorage,
    LastModified: lambdaTime(LastModified),
    CodeSha256,
    Version,
    ...(Object.keys(Environment.Variables).length === 0 ? {} : { Environment }),
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId,
    ...(Layers.length === 0
      ? {}
      : { Layers: Layers.map(({ Arn, CodeSize: size }) => ({ Arn: lambdaLayerArn(Arn, owner), CodeSize: size })) }),
    PackageType: 'Zip',
    Architectures: [ARCHITECTURE],
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${FunctionName}` },
  };
}

/** As on AWS: a reason is given for what is not yet or not well, and a function that is being made has no last update. */
function statesOf(configuration: States): States {
  const { State = 'Active', StateReason = '', StateReasonCode = 'Creating' } = configuration;
  const { LastUpdateStatus = 'Successful', LastUpdateStatusReason = '', LastUpdateStatusReasonCode = 'Creating' } = configuration;
  return {
    State,
    ...(State === 'Active' ? {} : { StateReason, StateReasonCode }),
    ...(State === 'Pending' ? {} : { LastUpdateStatus }),
    ...(State === 'Pending' || LastUpdateStatus === 'Successful' ? {} : { LastUpdateStatusReason, LastUpdateStatusReasonCode }),
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

import { createHash } from 'node:crypto';
import { SchemaError, parse, registryFunctionSchema, registryRuntimeSchema } from '@easyfaas/contracts/schemas';
import type { RegistryFunction, RegistryRuntime, StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { commitOf } from '../functions/commit-id';
import { checkEnvironment } from '../functions/environment-rules';
import { LATEST, VERSION_NUMBER } from '../functions/function-name';
import { checkStorage } from '../functions/storage-rules';
import { parseStrictJson } from '../http/strict-json';
import { invalidAnswer } from './registry-client';

export interface Question {
  accountId: string;
  functionName: string;
  qualifier: string;
}

/** @throws ServiceError REGISTRY_INVALID naming the member */
export function readRegistryFunction(body: Buffer, { accountId, functionName, qualifier }: Question): RegistryFunction {
  const answer = checked(body, (value) => parse(registryFunctionSchema, value));
  const { Configuration } = answer;
  assertSame('Configuration.FunctionName', Configuration.FunctionName, functionName);
  // Else a mistake there would run one tenant's function for another.
  assertSame('Configuration.Uid', Configuration.Uid, accountId);
  if (qualifier === LATEST || VERSION_NUMBER.test(qualifier)) assertSame('Configuration.Version', Configuration.Version, qualifier);
  try {
    checkStorage(Configuration);
  } catch (cause) {
    throw invalidAnswer('Configuration.EphemeralStorage', `is not possible: ${cause instanceof Error ? cause.message : ''}`, cause);
  }
  try {
    checkEnvironment(Configuration.Environment?.Variables ?? {});
  } catch (cause) {
    throw invalidAnswer('Configuration.Environment', `is not allowed: ${cause instanceof Error ? cause.message : ''}`, cause);
  }
  return answer;
}

/** @throws ServiceError REGISTRY_INVALID naming the member */
export function readRegistryRuntime(body: Buffer): RegistryRuntime {
  return checked(body, (value) => parse(registryRuntimeSchema, value));
}

/** @param runtime the installed one that the function runs on */
export function storedFromRegistry({ Configuration, Concurrency }: RegistryFunction, accountId: string, runtime: string): StoredFunction {
  const { ReservedConcurrentExecutions } = Concurrency ?? {};
  const sha256 = hexOf(Configuration.CodeSha256);
  const stored: StoredFunction = {
    accountId,
    configuration: {
      FunctionName: Configuration.FunctionName,
      FunctionArn: Configuration.FunctionArn,
      Uid: accountId,
      Version: Configuration.Version,
      Description: Configuration.Description ?? '',
      Runtime: runtime,
      Handler: Configuration.Handler,
      Timeout: Configuration.Timeout ?? 3,
      MemorySize: Configuration.MemorySize,
      Environment: { Variables: { ...Configuration.Environment?.Variables } },
      PodConcurrentQuota: Configuration.PodConcurrentQuota ?? 1,
      NetworkMode: Configuration.NetworkMode ?? 'none',
      ...(Configuration.EphemeralStorage === undefined ? {} : { EphemeralStorage: { Size: Configuration.EphemeralStorage.Size } }),
      Tags: {},
      CodeSha256: Buffer.from(sha256, 'hex').toString('base64'),
      // Known when it has been fetched.
      CodeSize: 0,
      CommitId: '',
      RevisionId: createHash('sha256').update(Configuration.CommitId).digest('hex'),
      LastModified: Configuration.LastModified ?? new Date(0).toISOString(),
      State: 'Active',
      StateReason: 'The function registry has it.',
    },
    concurrency: ReservedConcurrentExecutions === undefined ? {} : { ReservedConcurrentExecutions },
    code: { sha256, sizeBytes: 0 },
  };
  return { ...stored, configuration: { ...stored.configuration, CommitId: commitId(stored, Configuration.CommitId) } };
}

/** Of the registry's and of what a container is made of: a registry that forgets to change its own does not get old code run. */
function commitId(stored: StoredFunction, theirs: string): string {
  return createHash('sha256')
    .update(JSON.stringify([theirs, commitOf(stored).commitId]))
    .digest('hex');
}

function hexOf(sha256: string): string {
  return sha256.length === 64 ? sha256 : Buffer.from(sha256, 'base64').toString('hex');
}

function assertSame(field: string, actual: string, expected: string): void {
  if (actual !== expected) throw invalidAnswer(field, `is "${actual.slice(0, 80)}", asked for was "${expected}"`);
}

function checked<T>(body: Buffer, read: (value: unknown) => T): T {
  try {
    return read(parseStrictJson(body));
  } catch (cause) {
    if (cause instanceof SchemaError) throw invalidAnswer(cause.path.slice(0, 200), `is wrong: ${cause.message.slice(0, 200)}`, cause);
    if (cause instanceof ServiceError) throw invalidAnswer('body', `is wrong: ${cause.message}`, cause);
    throw cause;
  }
}

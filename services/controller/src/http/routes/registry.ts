import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Request } from 'express';
import { REGISTRY_HEADERS, type RegistryFunction, type RuntimeManifest, type StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { functionNotFound, resolveReference, type ResolvedFunction } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import type { PackageReader } from '../../functions/package-store';
import { pathParameter, type Mount } from '../mount-route';
import { readQuery } from '../query';
import { principalOf } from '../request-context';

interface Deps {
  functions: FunctionService;
  packageReader: PackageReader;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
}

/**
 * `/v1/registry`: the built-in functions as a registry for other installations, by the contract that they would ask any registry with.
 * Variables are shown as they are and accounts are named by a header: for operators.
 */
export function mountRegistry(mount: Mount, { functions, packageReader, runtimes }: Deps): void {
  const target = (
    request: Request,
    account: string | undefined,
    qualifier: string | undefined,
  ): ResolvedFunction & { accountId: string } => {
    const accountId = account ?? principalOf(request).accountId;
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(accountId)) throw functionNotFound('');
    return { accountId, ...resolveReference(pathParameter(request, 'id'), { accountId, region: functions.region }, qualifier) };
  };

  mount('/v1/registry/functions/:id', {
    get: async (request, response) => {
      const { Qualifier } = readQuery(request, ['Qualifier']);
      const account = request.headers[REGISTRY_HEADERS.accountId.toLowerCase()];
      const key = target(request, typeof account === 'string' ? account : undefined, Qualifier);
      const body = JSON.stringify(answerOf(await functions.versions.read(key, key.qualifier)));
      const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
      response.setHeader('ETag', etag);
      if (request.headers['if-none-match'] === etag) response.status(304).end();
      else response.type('json').send(body);
    },
  });

  mount('/v1/registry/functions/:id/code', {
    get: async (request, response) => {
      const { Qualifier, Account } = readQuery(request, ['Qualifier', 'Account']);
      const key = target(request, Account, Qualifier);
      const { code } = await functions.versions.read(key, key.qualifier);
      const found = await packageReader.open(code.sha256);
      if (found === undefined) throw new ServiceError('PACKAGE_MISSING', 'The package is not on this pod; upload its code again.');
      response.status(200).type('application/zip').setHeader('Content-Length', found.sizeBytes);
      await pipeline(found.bytes, response);
    },
  });

  mount('/v1/registry/runtimes/:runtime/configuration', {
    get: (request, response) => {
      readQuery(request, []);
      const manifest = runtimes.get(pathParameter(request, 'runtime'));
      if (manifest === undefined) throw new ServiceError('ROUTE_NOT_FOUND', 'No such runtime is installed; GET /v1/runtimes lists them.');
      const { name, command, args } = manifest;
      response.json({ Name: name, Bin: command.slice(command.lastIndexOf('/') + 1), Path: command, Args: args });
    },
  });
}

/** @throws ServiceError NOT_SUPPORTED for what the contract has no place for: it would be missing in the call */
function answerOf({ accountId, configuration, concurrency, layers = [], secrets = {} }: StoredFunction): RegistryFunction {
  if (layers.length > 0 || Object.keys(secrets).length > 0) {
    throw new ServiceError('NOT_SUPPORTED', 'A function with layers or secrets cannot be given to another installation.');
  }
  const { FunctionName, FunctionArn, Uid, Version, Runtime, Handler, MemorySize, Timeout, CommitId, CodeSha256 } = configuration;
  const { Environment, PodConcurrentQuota, NetworkMode, EphemeralStorage, Description, LastModified } = configuration;
  const query = new URLSearchParams({ Qualifier: Version, Account: accountId });
  return {
    Code: { Location: `${FunctionName}/code?${query.toString()}`, RepositoryType: 'easyfaas' },
    Configuration: {
      FunctionName,
      FunctionArn,
      Uid,
      Version,
      Runtime,
      Handler,
      MemorySize,
      Timeout,
      CommitId,
      CodeSha256,
      Environment,
      PodConcurrentQuota,
      NetworkMode,
      ...(EphemeralStorage === undefined ? {} : { EphemeralStorage }),
      Description,
      LastModified,
    },
    Concurrency: concurrency,
  };
}

import type { Request } from 'express';
import { ServiceError } from '@easyfaas/service-kit';
import { authorizeAccount, authorizeFunction } from '../auth/authorize';
import type { Principal } from '../auth/principal';
import { resolveReference } from '../functions/function-name';
import { readLambdaName } from './lambda/lambda-name';
import { resolveOpenfaasName } from './openfaas/openfaas-name';
import type { RoutePolicy } from './route-policy';

/** Finds the function behind an id; undefined when there is none in the account. */
export type FunctionOf = (accountId: string, id: string) => Promise<string | undefined>;

export interface ResourceOwners {
  region: string;
  trigger: FunctionOf;
  invocation: FunctionOf;
}

/**
 * For keys that are limited to some functions: whether what the path names is theirs. Ids of other functions' things are answered
 * like ids that do not exist.
 * @throws ServiceError FORBIDDEN, TRIGGER_NOT_FOUND, RECORD_NOT_FOUND, and for broken names what their routes throw
 */
export async function authorizeResource(
  principal: Principal,
  { resource }: Pick<RoutePolicy, 'resource'>,
  request: Request,
  owners: ResourceOwners,
): Promise<void> {
  const { functions, accountId } = principal;
  if (functions === undefined || resource === 'none' || resource === 'handler') return;
  const owner = { accountId, region: owners.region };
  if (resource === 'function') return authorizeFunction(principal, resolveReference(text(request, 'id'), owner).functionName);
  if (resource === 'openfaas') return authorizeFunction(principal, resolveOpenfaasName(text(request, 'name'), owner).functionName);
  if (resource === 'lambda') return authorizeFunction(principal, readLambdaName(text(request, 'name'), owner).functionName);
  if (resource === undefined) return authorizeAccount(principal);
  const isTrigger = resource === 'trigger';
  const functionName = isTrigger
    ? await owners.trigger(accountId, text(request, 'triggerId'))
    : await owners.invocation(accountId, text(request, 'requestId'));
  if (functionName !== undefined && functions.covers(functionName)) return;
  if (isTrigger) throw new ServiceError('TRIGGER_NOT_FOUND', 'No trigger of this id in this account; GET /v1/triggers lists them.');
  throw new ServiceError('RECORD_NOT_FOUND', 'No record of that invocation is kept: it is unknown here, or too old.');
}

function text({ params }: Request, name: string): string {
  const value = params[name];
  return typeof value === 'string' ? value : '';
}
